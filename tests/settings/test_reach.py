"""Ladders that nobody would hear, or nobody could answer, are found before anything starts."""

from tests.settings.folder import Folder

CONTACTS = "contacts: [{person: wang-li, role: family}]"
NO_FAMILY = "no contact is family. The step is skipped there; give them such a contact if they have one."


def home(number: int, contacts: str = CONTACTS, area: str = "620702207200") -> str:
    return f'  - {{id: ah-{number:03}, area: "{area}", address: x, prefix: "{number}/", {contacts}}}\n'


def test_a_home_whose_emergency_reaches_nobody_is_a_fault(folder: Folder) -> None:
    folder.write("homes-b.yaml", "homes:\n" + home(2) + home(3, "contacts: []", "620703000000"))
    assert folder.faults() == [
        "homes-b.yaml:3: home ah-003: an emergency reaches nobody: no contact is family, area 620703000000 has no "
        "staff and no supervisor. Give the home a contact, or one person that area."
    ]
    assert folder.faults(language="zh-CN") == [
        "homes-b.yaml:3 家庭 ah-003：紧急告警谁也通知不到：联系人里没有 family，620703000000 没有 staff、supervisor。"
        "请给这家加联系人，或给一个人加上这个区。"
    ]


def test_a_step_that_is_empty_for_some_homes_is_one_warning_with_their_number(folder: Folder) -> None:
    folder.write("homes-b.yaml", "homes:\n" + "".join(home(number, "contacts: []") for number in range(2, 8)))
    assert folder.warnings() == [
        f"hub.yaml:35: step 1 of emergency reaches nobody for 6 of 7 homes (ah-002, ah-003, ah-004, …): {NO_FAMILY}",
        f"hub.yaml:39: step 1 of warning reaches nobody for 6 of 7 homes (ah-002, ah-003, ah-004, …): {NO_FAMILY}",
    ]


def test_an_area_without_staff_is_said_as_the_catalogue_has_it(folder: Folder) -> None:
    folder.edit("homes.yaml", 'areas: ["620702207200"]', 'areas: ["620702207201"]')
    assert folder.warnings()[0] == (
        "hub.yaml:36: step 2 of emergency reaches nobody: area 620702207200 has no staff. Give one person that area."
    )
    assert folder.warnings("zh-CN")[0] == (
        'hub.yaml:36 紧急的第 2 步没有人能通知：620702207200 没有 staff。请给一个人加上 areas: ["620702207200"]。'
    )


def test_texts_that_take_no_reply_cannot_be_the_only_way(folder: Folder) -> None:
    for number in ("101", "102", "103"):
        folder.edit("homes.yaml", f'"+447700900{number}"', f'"+86138001380{number[1:]}"')
    assert folder.faults() == [
        "hub.yaml:23: emergencies rest on Twilio SMS alone, which takes no replies from +86. Add voice or a domestic "
        "provider. Homes: ah-001."
    ]
    assert folder.faults(language="zh-CN") == [
        "hub.yaml:23 紧急通知只靠 Twilio 短信，它到 +86 不能回复。请加一个电话通道，或国内短信。家庭：ah-001。"
    ]


def test_one_person_who_can_answer_is_enough(folder: Folder) -> None:
    folder.edit("homes.yaml", '"+447700900101"', '"+8613800138001"').edit(
        "homes.yaml", '"+447700900102"', '"+8613800138002"'
    )
    assert folder.warnings() == []


def test_a_mistake_in_a_person_or_channel_is_not_said_twice(folder: Folder) -> None:
    folder.edit("homes.yaml", 'phone: "+447700900101"', 'phone: "1"').edit("homes.yaml", "roles: [staff]", "roles: [x]")
    folder.edit("hub.yaml", "type: twilio_sms", "type: telepathy")
    assert len(folder.faults()) == 3


def test_staff_without_an_area_are_noticed(folder: Folder) -> None:
    folder.edit("homes.yaml", ', areas: ["620702207200"]', "")
    assert folder.warnings()[-1] == (
        "homes.yaml:6: person li-qiang: has the role staff but no area, so it is asked for no home. "
        'Give it areas, like ["620702207200"].'
    )


def test_a_repeat_shorter_than_the_last_wait_is_noticed(folder: Folder) -> None:
    assert folder.edit("hub.yaml", "repeat: 5m", "repeat: 1m").warnings() == [
        "hub.yaml:38: policy emergency: repeat 1m is shorter than the wait of the last step, 3m; the longer one counts."
    ]


def test_a_number_in_no_known_range_is_a_warning(folder: Folder) -> None:
    assert folder.edit("homes.yaml", "+447700900101", "+8612012345678").warnings() == [
        'homes.yaml:5: phone "+8612012345678" of wang-li is in no range known to be in use. Check it and call it once.'
    ]
