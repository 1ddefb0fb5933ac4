"""English. What is written out here stays within the GSM alphabet, in which a text has 160 characters, not 70."""

from hub.alerts.catalogue import Catalogue, Phrases, Text

_GO = " Reply 1 to take it, 2 if you cannot[. Ref {code}]"
_GO_SHORT = " Reply 1 take it, 2 cannot[. Ref {code}]"
_NOW = " Phone or go now[. Desk {desk}]"
_DESK = "[ Desk {desk}]"
_TASK = " Reply 1 to take it[. Ref {code}]"
_CODE = "[ Ref {code}]"

_ALERTS = {
    "sos": Text("EMERGENCY: {who} pressed the call button[, {room}][, {at}].[ {addr}.]", _GO, _NOW),
    "sos.late": Text("LATE[ by {span}]: {who} pressed the call button[ at {at}].[ {addr}.]", _GO, _NOW),
    "sos.late.most": Text("LATE[ by up to {span}]: {who} pressed the call button[, heard {at}].[ {addr}.]", _GO, _NOW),
    "call": Text("Not an emergency: {who} rang the service bell[, {room}][, {at}].[ {addr}.]", _GO, _DESK),
    "gas": Text(
        "GAS ALARM: {who}[, {room}][, {at}][, {late}].[ {addr}.] Get out[, no switches, no flame].", _GO_SHORT, _DESK
    ),
    "smoke": Text(
        "SMOKE ALARM: {who}[, {room}][, {at}][, {late}].[ {addr}.] Get out.[ Fire: call 119.]", _GO_SHORT, _DESK
    ),
    "co": Text(
        "CARBON MONOXIDE: {who}[, {room}][, {at}][, {late}].[ {addr}.][ Poisonous:] open doors, get out.",
        _GO_SHORT,
        _DESK,
    ),
    "fall": Text("POSSIBLE FALL: {who}[, {room}][, {at}][, {late}].[ {addr}.]", _GO, _NOW),
    "leak": Text("Water leak: {who}[, {room}][, {at}][, {late}].[ {addr}.]", _GO, _DESK),
    "inactivity": Text(
        "No movement[ for {h} h] at {who}[, usually at most {h2} h].[ {addr}.]",
        f" Please phone first.{_GO_SHORT}",
        f" Please phone.{_DESK}",
    ),
    "wandering": Text("{who} went out[ at {at}] and has not come back.[ {addr}.]", _GO, _DESK),
    "silent": Text("{Dev} of {who}: no signal[ for {h} h].[ {addr}.] Please visit today.", _TASK, _DESK),
    "unproven": Text("{Dev} of {who}: not pressed[ for {n} days].[ {addr}.] Please press it once.", _TASK, _DESK),
    "unheard": Text("{n} new devices of {who} silent for a day[: {list}].[ {addr}.] Please check.", _TASK, _DESK),
    "unheard.homes": Text("{area}: {n} new homes silent for a day.[ First: {list}.]", _TASK, _DESK),
    "tamper": Text("{Dev} of {who} was opened or moved[, {at}].[ {addr}.] Please check it.", _TASK, _DESK),
    "fault": Text("{Dev} of {who} reports a fault[, {at}], it may not alarm.[ {addr}.] Visit today.", _TASK, _DESK),
    "battery": Text("{Dev} of {who}: battery {pct}.[ {addr}.] Change {type} within 3 days.", _TASK),
    "mains": Text("Power cut for 1 h at {who}. The hub runs on battery[, about {h} h]. The call button works."),
    "gateway": Text(
        "Hub of {who} offline[ since {at}]: calls cannot reach us.[ {addr}.] Phone to check.", _TASK, _DESK
    ),
    "area": Text("{area}: {n} homes offline[ since {at}], maybe a power cut.[ First: {list}.]", _TASK, _DESK),
    "unknown": Text(
        "UNKNOWN DEVICE[ {dev}]: {what}[, {at}][, {site}, find out where][, maybe at {home}].[ {addr}.]", _GO, _DESK
    ),
    "still_active": Text("STILL ACTIVE: {what} of {who}, after it was closed[, {at}].[ {addr}.]", _GO, _NOW),
    "nobody_reachable": Text("NOBODY REACHED: {what} of {who}.[ {addr}.] Can you go?", _GO, _NOW),
    "empty_step": Text(
        "{What} of {who}: nobody to tell[ in step {n}], asking the next.[ {addr}.] Please assign someone.", _CODE, _CODE
    ),
    "session_lost": Text(
        "The broker lost data: calls[ from {from} to {to}] may be lost.[ Ask first: {list}.] Please phone round.",
        _TASK,
        _DESK,
    ),
    "restored": Text(
        "The hub was put back to a backup: calls[ from {from} to {to}] are not known.[ Ask first: {list}.] "
        "Please phone round.",
        _TASK,
        _DESK,
    ),
    "database_lost": Text(
        "The hub has a new database: earlier open alerts and calls are not known.[ Ask first: {list}.]"
        " Please phone round.",
        _TASK,
        _DESK,
    ),
    "qos0": Text(
        "{Dev} of {who} sends with QoS 0: a press may be lost. Set upgrade_outgoing_qos true in the broker.",
        _CODE,
        _CODE,
    ),
    "unreadable": Text(
        "{Dev} of {who} sent what we cannot read[, {at}], maybe a call.[ {addr}.] Phone to check.", _TASK, _DESK
    ),
    "channel_refused": Text(
        "The carrier refuses {channel}[, error {error}]: texts may not leave. Check account and credit.", _TASK, _DESK
    ),
    "stranger_code": Text(
        "An unknown number[ ending {tail}] used ref {ref} of {who}; it does not count. Find out who it is.",
        _CODE,
        _CODE,
    ),
    "config_differs": Text("Files and database have differed for a day. Check, run carehub apply.", _CODE, _CODE),
    "other": Text("New alert: {who}[, {at}].[ {addr}.]", _GO, _NOW),
}

_FOLLOW_UPS = {
    "again": Text(
        "{who} pressed again[, {n} times now][, {at}]. Please hurry.", " Cannot go? Reply 2[. Ref {code}]", _DESK
    ),
    "again.hazard": Text(
        "{What} again at {who}[, {n} times now][, {at}]. Please hurry.", " Cannot go? Reply 2[. Ref {code}]", _DESK
    ),
    "raised": Text("More urgent: {dev} also alarms at {who}[, {room}][, {at}]", "[. Ref {code}]", "[. Ref {code}]"),
    "taken": Text(
        "{by} has taken the {what} of {who}[, there by {eta}]. Nothing for you to do. We tell you what changes."
    ),
    "arrived": Text("{by} reached {who}[ at {at}]. We tell you how it ends."),
    "remind": Text(
        "{who} is waiting, be there[ by {eta}].",
        " Reply 3 arrived, 4 all well, 2 cannot[. Ref {code}]",
        " Tell the desk when you are there[: {desk}]",
    ),
    "remind.outcome": Text(
        "You are with {who}: please tell us[ by {eta}] how it ends.",
        " Reply 4 all well, 2 if someone else must come[. Ref {code}]",
        " Phone the desk[: {desk}]",
    ),
    "lapsed.you": Text(
        "No word from you[ by {eta}]: {next} was asked to take {who}.",
        " If you are there reply 3[. Ref {code}]",
        " If you are there phone the desk[: {desk}]",
    ),
    "lapsed.others": Text("No word from {by}[ by {eta}]: {who} needs someone again.", _GO, _NOW),
    "need_help": Text("{by} is with {who} and needs help[, {what}].[ {addr}.]", _GO, _NOW),
    "outcome_missing": Text(
        "{by} reached {who}[ at {at}], nothing heard since. Please ask.", " Closed? Reply 4[. Ref {code}]", _DESK
    ),
    "handed_over": Text(
        "{by} hands over to you: {what} of {who}[, be there by {eta}].[ {addr}.]",
        " Reply 3 arrived, 2 cannot[. Ref {code}]",
        _NOW,
    ),
    "resolved": Text("{What} of {who} is closed[: {outcome}].[ {by}][, {at}]"),
    "recovered": Text("All well again: {what} of {who}[, {at}]. Nothing for you to do."),
    "cancelled": Text(
        "{who} pressed cancel at home[, {at}]. Please phone to make sure.", " All well? Reply 4[. Ref {code}]", _DESK
    ),
    "nobody": Text("{What} of {who}: nobody for {span}, everyone was asked. Supervisor, please act now.", _CODE, _CODE),
    "test": Text("TEST: devices tried at {who}[, {at} to {end}]. Do not go. A real call still reaches you."),
    "test.press": Text(
        "TEST: {dev} of {who} reached us[ at {at}].",
        " Your test? Reply 1 within 60 s, else it counts as real[. Ref {code}]",
        " Your test? Confirm it on the page within 60 s, else it counts as real",
    ),
    "drill": Text(
        "DRILL, not real: suppose {who} pressed the button[ at {at}].",
        " Reply 1 if you got this[. Ref {code}]",
        " No reply needed",
    ),
    "verify": Text("Code {pin}: it proves that you can receive calls for help from {who}. Tell it to the staff."),
    "number.dead": Text(
        "The number of {by}, contact of {who}, takes neither calls nor texts. Please check.", _CODE, _CODE
    ),
    "sick.reply": Text(
        "{by} answered about the {what} of {who}: {note}. The hub is faulty, it records nothing: agree by phone"
    ),
}

_ANSWERS = {
    "answer.take": Text("Thank you, {who} is yours.[ Be there by {eta}.] Then: 3 arrived, 4 all well, 2 cannot."),
    "answer.pass": Text("Thank you for telling us. We are asking the next person."),
    "answer.arrived": Text(
        "Thank you, you are with {who}. When done reply 4 and a few words, e.g.: 4 pressed by mistake"
    ),
    "answer.resolved": Text("Thank you. {What} of {who} is closed[: {outcome}]."),
    "answer.resolved_active": Text(
        "Thank you. {What} of {who} is closed[: {outcome}]. The detector still alarms, we look again in 15 min."
    ),
    "answer.taken_already": Text("{by} took {who}[ at {at}]. Reply 1 again if you go too, otherwise nothing to do."),
    "answer.closed_already": Text("{What} of {who} was closed[ at {at}]. No need to go."),
    "answer.which_one": Text("You have {n}: {code} is {who}, {code2} is {who2}. Reply with the ref, e.g. 1 {code}"),
    "answer.not_understood": Text("Not understood. Reply 1 take it, 2 cannot, 3 arrived, 4 all well[. Urgent: {desk}]"),
    "answer.not_yours": Text("{What} of {who} is not with you. If you go, reply 1 first[. Ref {code}]"),
    "answer.note": Text(
        "Noted[: {note}]. {What} of {who} is still open. All well? Reply just 4. Arrived? Reply 3[. Ref {code}]"
    ),
}

ENGLISH = Catalogue(
    phrases=Phrases(
        stop=".",
        opening="Carehub: ",
        signed="",
        again="Call {n}: ",
        link=" See who has it, take it: {link}",
        sick=" Phone or go now, no reply needed",
        minutes="{m} min",
        hours="{h} h",
        hours_minutes="{h} h {m}",
        days="{n} days",
        late="late by {span}",
        late_most="late by up to {span}",
        device_in="{room} {device}",
        joined=", ",
        with_note="{outcome}, {note}",
        percent="{n}%",
        low="low",
        somebody="somebody",
        others="somebody else",
        device="device",
        battery="the battery",
        alert="alert",
    ),
    texts={**_ALERTS, **_FOLLOW_UPS, **_ANSWERS},
    what={
        "sos": "emergency call",
        "call": "service call",
        "gas": "gas alarm",
        "smoke": "smoke alarm",
        "co": "carbon monoxide alarm",
        "fall": "possible fall",
        "leak": "water leak",
        "inactivity": "lack of movement",
        "wandering": "absence",
        "silent": "silent device",
        "unproven": "press test",
        "unheard": "silent set-up",
        "unheard.homes": "silent set-up",
        "tamper": "tampering",
        "fault": "device fault",
        "battery": "battery task",
        "mains": "power cut",
        "gateway": "hub outage",
        "area": "area outage",
        "unknown": "unknown device call",
        "session_lost": "loss of calls",
        "database_lost": "loss of data",
        "restored": "put-back backup",
        "qos0": "setting fault",
        "unreadable": "unreadable signal",
        "channel_refused": "channel fault",
        "stranger_code": "unknown reply",
        "config_differs": "configuration task",
        "number": "dead number",
    },
    outcomes={
        "genuine": "genuine",
        "false": "false",
        "test": "test",
        "unreached": "could not reach",
        "duplicate": "duplicate",
    },
    rooms={
        "bedroom": "bedroom",
        "kitchen": "kitchen",
        "hall": "hall",
        "bathroom": "bathroom",
        "toilet": "toilet",
        "living": "living room",
        "dining": "dining room",
        "study": "study",
        "balcony": "balcony",
        "stairs": "stairs",
        "yard": "yard",
        "corridor": "corridor",
    },
    devices={
        "button": "button",
        "fall": "fall detector",
        "gas": "gas detector",
        "smoke": "smoke detector",
        "co": "CO detector",
        "leak": "leak detector",
        "motion": "motion sensor",
        "contact": "door contact",
        "bed": "bed sensor",
        "temperature": "thermometer",
        "humidity": "humidity sensor",
        "mains": "power sensor",
        "siren": "siren",
        "valve": "valve",
        "other": "device",
    },
    remarks={
        "well": "all well",
        "handled": "dealt with",
        "mistake": "pressed by mistake",
        "hospital": "taken to hospital",
        "phoned": "asked by phone, all well",
        "away": "away from home",
    },
)
