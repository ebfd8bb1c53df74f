import pytest

from services.core.triage.patterns import EDGE_SIGN, Chain, PatternError, spell_out


def words(pattern: str) -> set[str]:
    (chain,) = spell_out(pattern)
    assert not chain.gaps
    return set(chain.links[0])


def test_a_pattern_without_a_gap_is_a_set_of_words() -> None:
    assert words("退(款|钱)") == {"退款", "退钱"}
    assert words("colou?r") == {"color", "colour"}
    assert words("[没不]用") == {"没用", "不用"}


def test_what_repeats_without_end_is_read_up_to_two_since_shouting_was_calmed() -> None:
    assert words("哈+") == {"哈", "哈哈"}
    assert words("d{2,}") == {"dd"}


def test_digits_are_all_alike_and_may_repeat_further() -> None:
    assert {len(word) for word in words("[0-9]{5,8}")} == {5, 6, 7, 8}


def test_a_gap_makes_a_chain_with_its_bounds() -> None:
    (chain,) = spell_out("(客服|售后).{0,8}不回")
    assert chain == Chain((frozenset({"客服", "售后"}), frozenset({"不回"})), ((0, 8),))


def test_what_is_optional_at_an_end_asks_for_nothing() -> None:
    chains = spell_out("(都)?.{0,3}坏了(.{0,4}呢)?")
    assert Chain((frozenset({"坏了"}),)) in chains
    assert all(set(chain.links[0]) == {"坏了"} for chain in chains)


def test_the_edges_of_a_message_are_a_sign_of_their_own() -> None:
    assert words("^先马$") == {f"{EDGE_SIGN}先马{EDGE_SIGN}"}


def test_sets_too_large_to_multiply_follow_each_other_without_a_gap() -> None:
    many = "|".join(chr(0x4E00 + at) for at in range(40))
    (chain,) = spell_out(f"({many})({many})")
    assert chain.gaps == ((0, 0),)


@pytest.mark.parametrize(
    "pattern", ["(a", "a)", "(?=a)", "(?i)a", "*a", "[a", "a{x}", "a\\", "", ".*", "^", "(|)"]
)
def test_what_the_language_cannot_say_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        spell_out(pattern)


def test_a_pattern_with_too_many_readings_is_refused() -> None:
    with pytest.raises(PatternError, match="too many"):
        spell_out("(a.b|c.d|e.f|g.h|i.j|k.l)" * 6)
