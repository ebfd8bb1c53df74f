"""What is marked while somebody collects, under which trace, and that nothing is otherwise."""

from collections.abc import Iterator

import pytest

from services.core.kit import tracing
from services.core.kit.tracing import Kind, Span

REQUEST = "01a200064f48700084a041199a90d0f8"
SENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def ended() -> Iterator[list[Span]]:
    found: list[Span] = []
    tracing.collect(found.append)
    yield found
    tracing.collect(None)


def test_while_nobody_collects_nothing_is_marked() -> None:
    with tracing.spanning("work") as span:
        assert span is None
        tracing.note_statement("SELECT 1", 0)
    assert (tracing.is_on(), tracing.current()) == (False, None)


def test_what_happens_inside_belongs_to_what_is_around_it(ended: list[Span]) -> None:
    with tracing.spanning("job", Kind.INTERNAL) as outer, tracing.spanning("step") as inner:
        tracing.note_statement("UPDATE cases SET state = 'open'", 1)
    assert [span.name for span in ended] == ["step", "job"]
    assert inner is not None
    assert outer is not None
    assert (inner.trace_id, inner.parent_id) == (outer.trace_id, outer.span_id)
    assert [each.name for each in inner.statements] == ["UPDATE cases"]
    assert outer.parent_id is None
    assert inner.began <= inner.ended


def test_whoever_knows_the_request_goes_on_with_its_trace(ended: list[Span]) -> None:
    with tracing.spanning("request", Kind.SERVER, request_id=REQUEST):
        pass
    with (
        tracing.spanning("job"),
        tracing.spanning("send", Kind.CLIENT, request_id=REQUEST) as send,
    ):
        assert send is not None
        assert send.traceparent == f"00-{REQUEST}-{send.span_id}-01"
    request, sent, job = ended
    assert request.trace_id == sent.trace_id == REQUEST
    assert (request.parent_id, sent.parent_id) == (None, request.span_id)
    assert job.trace_id != REQUEST


def test_a_request_that_was_sent_along_with_a_trace_is_below_it(ended: list[Span]) -> None:
    with tracing.spanning("request", Kind.SERVER, request_id="theirs", sent=SENT):
        pass
    (request,) = ended
    assert (request.trace_id, request.parent_id) == (SENT[3:35], SENT[36:52])


def test_failures_are_told_by_their_name_and_what_was_taken_back_is_not(ended: list[Span]) -> None:
    def fail() -> None:
        with tracing.spanning("work"):
            raise ValueError("何か")

    with pytest.raises(ValueError, match="何か"):
        fail()
    with tracing.spanning("look") as look:
        assert look is not None
        look.kept = False
    assert [(span.name, span.failure) for span in ended] == [("work", "ValueError")]


def test_a_span_keeps_so_many_statements_and_counts_the_rest(ended: list[Span]) -> None:
    with tracing.spanning("job"):
        for _ in range(tracing.MOST_STATEMENTS + 3):
            tracing.note_statement("SELECT 1", 0)
    assert (len(ended[0].statements), ended[0].left_out) == (tracing.MOST_STATEMENTS, 3)


def test_every_process_chooses_the_same_share_of_traces() -> None:
    found: list[Span] = []
    tracing.collect(found.append, 0.5)
    try:
        for request_id in ("0" * 15 + "1" + "7" * 16, "0" * 15 + "1" + "8" * 16):
            for kind in (Kind.SERVER, Kind.CLIENT):
                with tracing.spanning("any", kind, request_id=request_id):
                    pass
    finally:
        tracing.collect(None)
    assert [span.trace_id[-1] for span in found] == ["7", "7"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT id FROM cases WHERE text = '烂脸'", "SELECT cases"),
        ("\n  insert INTO facts (id) VALUES ($1)", "INSERT facts"),
        ("WITH due AS (SELECT id FROM timers) UPDATE clocks SET x = 1", "UPDATE timers"),
        ("SET LOCAL warmline.workspace = '019'", "SET"),
        ("VACUUM", "SQL"),
    ],
)
def test_a_statement_is_told_by_its_verb_and_a_table(statement: str, name: str) -> None:
    assert tracing.name_of(statement) == name


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "nothing",
        SENT[:-1],
        SENT.replace("4bf92f35", "XXXXXXXX"),
        f"00-{'0' * 32}-{'1' * 16}-01",
    ],
)
def test_what_is_no_trace_is_none(sent: str) -> None:
    assert tracing.read_sent(sent) is None


def test_any_request_id_has_a_trace_of_its_own() -> None:
    found = {tracing.trace_of(each) for each in ("a", "b", "0" * 32, REQUEST.upper())}
    assert len(found) == 4
    assert all(len(each) == 32 for each in found)
    assert tracing.trace_of(REQUEST) == REQUEST


def test_a_pass_names_the_requests_it_works_for_each_once_and_not_without_end(
    ended: list[Span],
) -> None:
    with tracing.spanning("job"):
        tracing.note_requests([REQUEST, None, "theirs", REQUEST])
        tracing.note_requests(str(number) for number in range(2 * tracing.MOST_LINKS))
    with tracing.spanning("request", Kind.SERVER, request_id="theirs"):
        pass
    job, request = ended
    assert job.links[0][0] == REQUEST
    assert job.links[1] == (request.trace_id, request.span_id)
    assert len(job.links) == tracing.MOST_LINKS


def test_links_are_nothing_to_whom_nobody_listens() -> None:
    tracing.note_requests([REQUEST])
    assert tracing.current() is None
