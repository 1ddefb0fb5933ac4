"""A backup is made beside the running hub, and put back when it is stopped; a press in between is not lost."""

import stat
from pathlib import Path

import pytest

from tests.cli.live import Live
from tests.cli.place import Place

DAUGHTER, STAFF = "+447700900101", "+447700900102"


@pytest.mark.promise("P7")
def test_what_was_open_goes_on_and_a_press_in_between_is_heard(live: Live, tmp_path: Path) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    (alert,) = live.alerts()
    done = live.place.carehub("db", "backup", str(tmp_path / "one.backup"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Wrote {tmp_path / 'one.backup'} (")
    live.place.carehub("alerts", "resolve", str(alert["code"]), "--by", "li-qiang", "--outcome", "false")
    refused = live.place.carehub("db", "restore", str(tmp_path / "one.backup"))
    assert refused.code == 1
    assert f"is in use by process {hub.pid}" in refused.sentence
    assert hub.stop() == 0
    before = len(live.texts(DAUGHTER))
    live.publish("zigbee2mqtt/kitchen_gas", {"gas": True})
    restored = live.place.carehub("db", "restore", str(tmp_path / "one.backup"))
    assert (restored.code, restored.err) == (0, "")
    assert "1 alert of that time will go on when the hub starts." in restored.out
    hub = live.start_hub(ready=False)
    live.gets(STAFF, "主机恢复了备份")
    live.gets(DAUGHTER, "燃气")
    assert {found["cause"].partition(":")[0] for found in live.alerts()} == {"sos", "gas", "restored"}
    assert len(live.texts(DAUGHTER)) > before
    assert hub.stop() == 0
    hub = live.start_hub(ready=False)
    assert hub.stop() == 0
    assert sum("主机恢复了备份" in text for text in live.texts(STAFF)) == 1


@pytest.mark.promise("P10")
def test_a_backup_goes_into_a_folder_and_is_private(site: Place, tmp_path: Path) -> None:
    site.press()
    for _ in range(2):
        assert site.carehub("db", "backup", str(tmp_path)).code in (0, 1)  # twice in one second is one name
    (file, *_) = tmp_path.glob("carehub-*.backup")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = site.carehub("db", "restore", str(file))
    assert done.code == 0
    assert "it knows all until" in done.out
    assert site.carehub("db", "check").code == 0


def test_what_cannot_be_done_is_one_sentence(place: Place, tmp_path: Path) -> None:
    missing = place.carehub("db", "backup", str(tmp_path / "one"))
    assert (missing.code, "There is no database at" in missing.sentence) == (1, True)
    place.prepare()
    (tmp_path / "garbage").write_bytes(b"garbage" * 1000)
    for arguments, words in (
        (("restore", str(tmp_path / "nowhere")), "is not a file"),
        (("restore", str(tmp_path / "garbage")), "is damaged"),
        (("backup", str(tmp_path / "garbage")), "is there already"),
        (("backup", str(tmp_path / "no" / "folder")), "is not a folder"),
    ):
        done = place.carehub("db", *arguments)
        assert done.code == 1
        assert words in done.sentence


def test_tidying_says_what_went(site: Place) -> None:
    site.press()
    assert site.carehub("db", "tidy").out == "Nothing was old enough.\n"
    site.work(lambda work: work.transaction.set_fact("answers:sms:+447700900999", "1"))
    assert site.carehub("db", "tidy").out == "Deleted: numbers 1.\n"
