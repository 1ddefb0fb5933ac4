"""Who may do what where: each role, each right, in its own area and in another one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.accounts import (
    EVERYWHERE,
    FREE_TRIES,
    IDLE,
    IDLE_ON_DUTY,
    LONGEST,
    Account,
    AccountRole,
    Right,
    SignIn,
    account_name,
    has_administrator,
    is_over,
    lock_after,
    masked,
)
from hub.homes import area_stem, joint_area

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
VILLAGE, NEIGHBOUR, TOWNSHIP, COUNTY = "620702207200", "620702207201", "620702207000", "620702000000"

# What each role may do in its own area: the table that staff are told (docs/staff.md). Written out once more here, so
# that nobody gains a right by a slip in a set.
MAY = {
    AccountRole.INSTALLER: "see_alerts see_homes see_system set_mode test_homes edit_devices",
    AccountRole.VILLAGE: "see_alerts see_homes see_system act see_phones see_health set_mode test_homes",
    AccountRole.TOWNSHIP: (
        "see_alerts see_homes see_system act see_phones see_health set_mode test_homes edit_devices edit_homes see_log"
    ),
    AccountRole.COUNTY: (
        "see_alerts see_homes see_system act see_phones see_health set_mode test_homes edit_devices edit_homes see_log "
        "import manage_accounts"
    ),
    AccountRole.ADMINISTRATOR: (
        "see_alerts see_homes see_system set_mode test_homes edit_devices edit_homes see_log import manage_accounts"
    ),
}


def account(*roles: AccountRole, areas: tuple[str, ...] = (VILLAGE,)) -> Account:
    return Account("a", "li.qiang", frozenset(roles), areas, password="hash")


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", AccountRole)
@pytest.mark.parametrize("right", Right)
def test_a_role_may_what_the_table_says_and_only_in_its_own_area(role: AccountRole, right: Right) -> None:
    allowed = right.value in MAY[role].split()
    who = account(role)
    assert who.may(right, VILLAGE) is allowed
    assert who.may(right) is allowed
    assert not who.may(right, NEIGHBOUR)
    assert not who.may(right, TOWNSHIP), "a village's account does not speak for its township"
    assert account(role, areas=(TOWNSHIP,)).may(right, VILLAGE) is allowed
    assert account(role, areas=(EVERYWHERE,)).may(right, NEIGHBOUR) is allowed
    assert not replace(who, disabled_at=NOON).may(right, VILLAGE)
    assert not account(role, areas=()).may(right, VILLAGE)


def test_who_keeps_the_hub_running_sees_no_numbers_and_answers_no_calls() -> None:
    administrator = account(AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
    assert not {Right.ACT, Right.SEE_PHONES, Right.SEE_HEALTH} & administrator.rights
    both = account(AccountRole.ADMINISTRATOR, AccountRole.VILLAGE, areas=(EVERYWHERE,))
    assert Right.ACT in both.rights


@pytest.mark.parametrize("role", AccountRole)
def test_nobody_gives_more_than_they_have(role: AccountRole) -> None:
    county, administrator = account(AccountRole.COUNTY, areas=(COUNTY,)), account(AccountRole.ADMINISTRATOR)
    assert county.may_grant({role}, (VILLAGE,)) is (role is not AccountRole.ADMINISTRATOR)
    assert not county.may_grant({role}, (EVERYWHERE,))
    assert not county.may_grant({role}, (VILLAGE, "620703000000"))
    assert administrator.may_grant({role}, (VILLAGE,))
    assert not administrator.may_grant({role}, (NEIGHBOUR,))
    for other in (AccountRole.INSTALLER, AccountRole.VILLAGE, AccountRole.TOWNSHIP):
        assert not account(other, areas=(EVERYWHERE,)).may_grant({role}, (VILLAGE,))


def test_a_quiet_night_signs_nobody_out_who_answers_alerts() -> None:
    staff, installer = account(AccountRole.VILLAGE), account(AccountRole.INSTALLER)
    begun = SignIn(b"d", "a", NOON, NOON)
    assert not is_over(begun, staff, NOON + IDLE_ON_DUTY)
    assert is_over(begun, staff, NOON + IDLE_ON_DUTY + timedelta(seconds=1))
    assert not is_over(begun, installer, NOON + IDLE)
    assert is_over(begun, installer, NOON + IDLE + timedelta(seconds=1))
    busy = replace(begun, seen_at=NOON + LONGEST)
    assert not is_over(busy, staff, NOON + LONGEST)
    assert is_over(busy, staff, NOON + LONGEST + timedelta(seconds=1))
    assert is_over(begun, replace(staff, disabled_at=NOON), NOON)


def test_locks_grow_and_stay_bearable() -> None:
    assert [lock_after(n) for n in range(FREE_TRIES)] == [None] * FREE_TRIES
    spans = [lock_after(n) for n in range(FREE_TRIES, 60)]
    known = [span for span in spans if span is not None]
    assert len(known) == len(spans)
    assert known[0] == timedelta(seconds=30)
    assert known == sorted(known)
    assert known[-1] == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Li.Qiang ", "li.qiang"),
        ("李强", "李强"),
        ("ＬＩ１", "li1"),
        ("a", None),
        ("two words", None),
        ("@machine", None),
        ("x" * 41, None),
        ("a\x00b", None),
        ("a/b", None),
    ],
)
def test_a_name_is_the_same_however_it_is_typed(typed: str, kept: str | None) -> None:
    assert account_name(typed) == kept


def test_an_administrator_is_left_only_if_one_can_sign_in_everywhere() -> None:
    one = account(AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
    assert has_administrator([account(AccountRole.COUNTY), one])
    assert not has_administrator([replace(one, password=None)])
    assert not has_administrator([replace(one, disabled_at=NOON)])
    assert not has_administrator([replace(one, areas=(COUNTY,))])
    assert not has_administrator([])


AREAS = st.lists(st.sampled_from([VILLAGE, NEIGHBOUR, TOWNSHIP, COUNTY, "620703100001", EVERYWHERE]), min_size=1)


@given(AREAS)
def test_the_joint_area_holds_all_and_is_the_smallest(codes: list[str]) -> None:
    joint = joint_area(codes)
    assert all(code.startswith(area_stem(joint)) for code in codes)
    stem = area_stem(joint)
    longer = [cut for cut in (2, 4, 6, 9, 12) if cut > len(stem)]
    assert (
        len(set(codes)) == 1
        or not all(code[: longer[0]] == codes[0][: longer[0]] for code in codes)
        or (joint in codes)
    )


def test_a_masked_number_tells_too_little_to_call() -> None:
    assert masked("+447700900101") == "+44****0101"
    assert masked("1234567") == "****"
