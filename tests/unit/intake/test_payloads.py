import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.intake.fields import Remarks
from services.core.intake.payloads import PAYLOADS, DirectMessage, Payload
from tests.support.deliveries import AUTHOR, COMMENT, DM, FULLEST

ANY_STRING = st.text(st.characters(exclude_categories=()))

# The fewest fields a row demands.
REQUIRED: dict[str, set[str]] = {
    "comment.created": {"id", "post_id", "author", "text"},
    "comment.edited": {"id", "post_id", "author", "text"},
    "comment.deleted": {"id"},
    "comment.hidden": {"id"},
    "comment.unhidden": {"id"},
    "dm.received": {"id", "author", "text"},
    "dm.edited": {"id", "author", "text"},
    "dm.recalled": {"id"},
    "mention.created": {"id", "author", "text"},
    "reply.sent": {"id", "text"},
    "follower.followed": {"follower"},
    "follower.unfollowed": {"follower"},
    "post.published": {"id"},
    "post.edited": {"id"},
    "post.deleted": {"id"},
    "post.metrics": {"post_id", "views", "likes", "collects", "comments", "shares"},
    "view.recorded": {"post_id", "follower"},
    "purchase.completed": {"id", "follower", "amount", "currency"},
    "referral.joined": {"follower", "referred_by"},
    "group.joined": {"group_id", "follower"},
    "group.left": {"group_id", "follower"},
    "group.message": {"id", "group_id", "author", "text"},
    "survey.answered": {"survey_id", "follower"},
    "lead.submitted": {"id", "fields"},
    "flag.raised": {"id", "message_id", "follower"},
}


def read(event_type: str, data: dict[str, Any], remarks: Remarks | None = None) -> Any:
    return PAYLOADS[event_type].model_validate(data, context=remarks)


def bad_fields(event_type: str, data: Any) -> set[tuple[str | int, ...]]:
    try:
        PAYLOADS[event_type].model_validate(data)
    except ValidationError as error:
        return {finding["loc"] for finding in error.errors(include_input=False)}
    return set()


class TestTheTable:
    def test_every_row_of_the_contract_has_a_model_and_no_other(self) -> None:
        assert set(PAYLOADS) == set(FULLEST) == set(REQUIRED)

    @pytest.mark.parametrize("event_type", FULLEST)
    def test_every_field_of_a_row_is_kept(self, event_type: str) -> None:
        data = FULLEST[event_type]

        payload = read(event_type, data)

        assert payload.model_dump(mode="json", exclude_unset=True).keys() == data.keys()

    @pytest.mark.parametrize("event_type", FULLEST)
    def test_optional_fields_may_be_missing_or_null(self, event_type: str) -> None:
        required = REQUIRED[event_type]
        data = {key: FULLEST[event_type][key] for key in required}
        for key in ("author", "follower"):
            if key in data:
                data[key] = {"id": "u1"}

        read(event_type, data)

        nulls = {key: None for key in FULLEST[event_type] if key not in required}
        assert read(event_type, nulls | data) == read(event_type, data)

    @pytest.mark.parametrize("event_type", FULLEST)
    def test_a_required_field_may_neither_be_missing_nor_null(self, event_type: str) -> None:
        for key in REQUIRED[event_type]:
            data = dict(FULLEST[event_type])
            data[key] = None
            assert (key,) in bad_fields(event_type, data), key
            del data[key]
            assert (key,) in bad_fields(event_type, data), key

    @pytest.mark.parametrize("event_type", FULLEST)
    def test_unknown_fields_are_ignored_whatever_their_names(self, event_type: str) -> None:
        data = FULLEST[event_type] | {"new": {"a": [1]}, "\ud800": "\x00", "": None, "__class__": 1}

        payload = read(event_type, data)

        assert payload == read(event_type, FULLEST[event_type])

    @pytest.mark.parametrize("event_type", FULLEST)
    def test_a_field_of_another_kind_is_refused(self, event_type: str) -> None:
        for key, value in FULLEST[event_type].items():
            if key == "items":
                continue  # the contract leaves its shape open
            wrong: Any = "1" if isinstance(value, int | float) else 1
            assert bad_fields(event_type, FULLEST[event_type] | {key: wrong}), key


class TestIds:
    @pytest.mark.parametrize("value", ["", "a" * 257, "a\x00b", "\ud800", "a\nb", 5, 5.0, True, []])
    def test_every_id_is_a_bounded_string(self, value: Any) -> None:
        assert bad_fields("comment.created", COMMENT | {"id": value}) == {("id",)}
        assert bad_fields("comment.created", COMMENT | {"parent_id": value}) == {("parent_id",)}
        author = AUTHOR | {"id": value}
        assert bad_fields("comment.created", COMMENT | {"author": author}) == {("author", "id")}

    def test_a_conversation_without_a_name_is_the_authors(self) -> None:
        message: DirectMessage = read("dm.received", DM)
        unnamed: DirectMessage = read("dm.received", DM | {"conversation_id": None})

        assert (message.conversation, unnamed.conversation) == ("k1", "u1")

    def test_who_referred_may_be_an_id_or_a_person(self) -> None:
        by_id = read("referral.joined", {"follower": AUTHOR, "referred_by": "u2"})
        by_person = read("referral.joined", {"follower": AUTHOR, "referred_by": {"id": "u2"}})

        assert by_id == by_person
        assert bad_fields("referral.joined", {"follower": AUTHOR, "referred_by": ""})


class TestText:
    def test_10_000_characters_fit_and_one_more_does_not(self) -> None:
        assert read("comment.created", COMMENT | {"text": "😀" * 10_000}).text == "😀" * 10_000
        assert bad_fields("comment.created", COMMENT | {"text": "a" * 10_001}) == {("text",)}

    def test_an_image_alone_needs_no_words(self) -> None:
        assert read("comment.created", COMMENT | {"text": ""}).text == ""

    def test_unstorable_characters_are_replaced_and_remarked(self) -> None:
        remarks = Remarks()

        payload = read("comment.created", COMMENT | {"text": "a\x00b\ud800"}, remarks)

        assert payload.text == "a\ufffdb\ufffd"
        assert remarks.sanitized

    @pytest.mark.parametrize(
        "change",
        [
            {"author": AUTHOR | {"name": "\x00"}},
            {"author": AUTHOR | {"avatar_url": "\ud800"}},
            {"mentions": ["ok", "\x00"]},
            {"images": ["\x00"]},
            {"url": "\x00"},
        ],
    )
    def test_a_replacement_anywhere_is_remarked(self, change: dict[str, Any]) -> None:
        remarks = Remarks()

        read("comment.created", COMMENT | change, remarks)

        assert remarks.sanitized

    def test_clean_text_leaves_no_remark(self) -> None:
        remarks = Remarks()

        read("comment.created", COMMENT, remarks)

        assert not remarks.sanitized

    def test_free_answers_are_cleaned_too(self) -> None:
        remarks = Remarks()

        lead = read("lead.submitted", {"id": "l", "fields": {"a\x00": ["\ud800"]}}, remarks)

        assert lead.fields == {"a\ufffd": ["\ufffd"]}
        assert remarks.sanitized

    @pytest.mark.parametrize("key", ["handle", "name", "locale"])
    def test_labels_are_bounded(self, key: str) -> None:
        author = AUTHOR | {key: "a" * 257}

        assert bad_fields("comment.created", COMMENT | {"author": author}) == {("author", key)}

    def test_addresses_are_bounded_strings_and_no_more(self) -> None:
        assert read("comment.created", COMMENT | {"url": "javascript:1"}).url == "javascript:1"
        assert bad_fields("comment.created", COMMENT | {"url": "a" * 4_097}) == {("url",)}


class TestNumbers:
    @pytest.mark.parametrize(
        "value", [-1, 2**63, 2**64, 10**99, 1.0, 1.5, True, False, "1", None, [], {}]
    )
    def test_a_total_is_a_whole_number_from_0_to_the_largest_of_64_bits(self, value: Any) -> None:
        metrics = FULLEST["post.metrics"] | {"likes": value}

        assert bad_fields("post.metrics", metrics) == {("likes",)}

    @pytest.mark.parametrize("value", [2**63, -(2**63), 1.0, True, "1"])
    def test_a_version_is_a_whole_number_of_64_bits(self, value: Any) -> None:
        assert bad_fields("comment.edited", COMMENT | {"version": value}) == {("version",)}

    @pytest.mark.parametrize("value", [-(2**63) + 1, 0, 2**63 - 1])
    def test_versions_may_count_from_anywhere(self, value: int) -> None:
        assert read("comment.edited", COMMENT | {"version": value}).version == value

    @pytest.mark.parametrize("value", ["0", "19.90", "-5", "1" * 18 + "." + "1" * 18])
    def test_an_amount_stays_the_string_it_is(self, value: str) -> None:
        purchase = FULLEST["purchase.completed"] | {"amount": value}

        assert read("purchase.completed", purchase).amount == value

    @pytest.mark.parametrize(
        "value",
        [
            *("", ".5", "5.", "1e5", "1,000", "NaN", "Infinity", " 1", "1\n", "+1", "１", "1" * 19),
            *(19.9, 5, True, None),
        ],
    )
    def test_an_amount_is_a_plain_decimal_string(self, value: Any) -> None:
        purchase = FULLEST["purchase.completed"] | {"amount": value}

        assert bad_fields("purchase.completed", purchase) == {("amount",)}

    @pytest.mark.parametrize("value", [-1, 11, 9.5, "9", True])
    def test_a_recommendation_goes_from_0_to_10(self, value: Any) -> None:
        survey = FULLEST["survey.answered"] | {"nps": value}

        assert bad_fields("survey.answered", survey) == {("nps",)}

    @pytest.mark.parametrize("value", [1, 0, "true", "yes"])
    def test_verified_is_true_or_false(self, value: Any) -> None:
        author = AUTHOR | {"verified": value}

        assert bad_fields("comment.created", COMMENT | {"author": author}) == {
            ("author", "verified")
        }


class TestLists:
    @pytest.mark.parametrize("key", ["mentions", "hashtags", "images"])
    @pytest.mark.parametrize("value", ["abc", {"a": 1}, 5, ["a"] * 101, True])
    def test_a_list_has_at_most_a_hundred_entries(self, key: str, value: Any) -> None:
        assert bad_fields("comment.created", COMMENT | {key: value}) == {(key,)}

    @pytest.mark.parametrize("value", [5, None, [], {}])
    def test_the_entries_are_strings(self, value: Any) -> None:
        data = COMMENT | {"mentions": ["ok", value]}

        assert bad_fields("comment.created", data) == {("mentions", 1)}

    def test_a_form_has_at_most_a_hundred_fields(self) -> None:
        fields = {str(number): number for number in range(101)}

        assert bad_fields("lead.submitted", {"id": "l", "fields": fields}) == {("fields",)}


class TestAsAWhole:
    def test_the_reply_window_is_a_time_in_utc(self) -> None:
        message: DirectMessage = read("dm.received", DM)

        assert message.reply_window_until == datetime(2026, 11, 23, 0, 15, 4, tzinfo=UTC)
        window = DM | {"reply_window_until": "20000-01-01T00:00:00Z"}
        assert bad_fields("dm.received", window) == {("reply_window_until",)}

    def test_a_payload_cannot_be_changed(self) -> None:
        comment = read("comment.created", COMMENT)

        with pytest.raises(ValidationError):
            comment.text = "other"

    def test_a_refusal_does_not_show_what_was_sent(self) -> None:
        with pytest.raises(ValidationError) as caught:
            read("comment.created", COMMENT | {"version": "planted-marker", "id": "planted\n"})

        assert "planted" not in str(caught.value)

    @pytest.mark.parametrize(
        "model", sorted(set(PAYLOADS.values()), key=lambda model: model.__name__)
    )
    def test_every_payload_can_be_shown_in_the_api_schema(self, model: type[Payload]) -> None:
        schema = model.model_json_schema(mode="validation")

        assert schema["type"] == "object"
        assert json.dumps(schema)

    @given(
        st.sampled_from(sorted(PAYLOADS)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | ANY_STRING,
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(sorted(COMMENT) + sorted(AUTHOR)), inner, max_size=6
                )
            ),
            max_leaves=12,
        ),
    )
    def test_any_json_is_read_or_refused(self, event_type: str, data: Any) -> None:
        try:
            payload = PAYLOADS[event_type].model_validate(data)
        except ValidationError:
            return

        assert payload.model_dump_json().encode()
