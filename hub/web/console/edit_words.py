"""What the log says of people, homes and devices that were edited or imported."""

from collections.abc import Callable, Mapping

from hub.web.console.words import Words

Say = Callable[[Words], str]

EVENTS: Mapping[str, Say] = {
    "home_added": lambda w: w.say("added the home"),
    "home_changed": lambda w: w.say("changed the home"),
    "home_removed": lambda w: w.say("removed the home"),
    "home_imported": lambda w: w.say("imported the home from a spreadsheet"),
    "resident_added": lambda w: w.say("added a resident"),
    "resident_changed": lambda w: w.say("changed a resident"),
    "resident_removed": lambda w: w.say("removed a resident"),
    "contact_added": lambda w: w.say("added a contact"),
    "contact_changed": lambda w: w.say("changed a contact"),
    "contact_removed": lambda w: w.say("removed a contact"),
    "room_added": lambda w: w.say("added a room"),
    "room_changed": lambda w: w.say("changed a room"),
    "room_removed": lambda w: w.say("removed a room"),
    "device_added": lambda w: w.say("added a device"),
    "device_changed": lambda w: w.say("changed a device"),
    "device_removed": lambda w: w.say("removed a device"),
    "person_added": lambda w: w.say("added a person"),
    "person_changed": lambda w: w.say("changed a person"),
    "person_removed": lambda w: w.say("removed a person"),
    "person_imported": lambda w: w.say("imported a person from a spreadsheet"),
    "person_looked": lambda w: w.say("looked at a person"),
}
FIELDS: Mapping[str, Say] = {
    "id": lambda w: w.say("Id"),
    "name": lambda w: w.say("Name"),
    "phone": lambda w: w.say("Phone"),
    "address": lambda w: w.say("Address"),
    "area": lambda w: w.say("Area"),
    "prefix": lambda w: w.say("Topic prefix"),
    "access": lambda w: w.say("How to get in"),
    "residents": lambda w: w.say("Residents"),
    "contacts": lambda w: w.say("Contacts"),
    "devices": lambda w: w.say("Devices"),
    "rooms": lambda w: w.say("Rooms of its own"),
    "born": lambda w: w.say("Born in"),
    "needs": lambda w: w.say("What helpers must know"),
    "inactivity_after": lambda w: w.say("Stillness is told after"),
    "mobility": lambda w: w.say("How they move"),
    "doctor": lambda w: w.say("Doctor"),
    "notes": lambda w: w.say("Notes for whoever goes there"),
    "health": lambda w: w.say("Illnesses"),
    "role": lambda w: w.say("Is"),
    "kind": lambda w: w.say("Kind"),
    "room": lambda w: w.say("Room"),
    "topic": lambda w: w.say("Topic"),
    "model": lambda w: w.say("Model"),
    "place": lambda w: w.say("Where in the room"),
    "installed_on": lambda w: w.say("Installed on"),
    "subsidy": lambda w: w.say("Subsidy number"),
}
