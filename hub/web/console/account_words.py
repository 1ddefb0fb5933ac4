"""What is said of accounts in words: roles, and why something was not done."""

from hub.accounts import AccountRole
from hub.engine.account_changes import Why
from hub.engine.passwords import SHORTEST, Unfit
from hub.web.console.words import Words


def role_words(role: AccountRole, words: Words) -> str:
    """Return what people call a role."""
    match role:
        case AccountRole.INSTALLER:
            return words.say("Installer")
        case AccountRole.VILLAGE:
            return words.say("Village staff")
        case AccountRole.TOWNSHIP:
            return words.say("Township staff")
        case AccountRole.COUNTY:
            return words.say("County staff")
        case AccountRole.ADMINISTRATOR:
            return words.say("Administrator")


def role_meaning(role: AccountRole, words: Words) -> str:
    """Return in a few words what a role may do."""
    match role:
        case AccountRole.INSTALLER:
            return words.say("sets homes up and tests them")
        case AccountRole.VILLAGE:
            return words.say("answers alerts")
        case AccountRole.TOWNSHIP:
            return words.say("answers alerts, edits homes and people, sees the log")
        case AccountRole.COUNTY:
            return words.say("all that townships do, imports homes, makes accounts")
        case AccountRole.ADMINISTRATOR:
            return words.say("runs the hub and makes all accounts; answers no alerts, sees no numbers")


def unfit_words(why: Unfit, words: Words) -> str:
    """Return why a password is not taken, and what would be."""
    match why:
        case Unfit.SHORT:
            return words.say("The password needs %(n)s characters at least. A sentence is easy to keep.", n=SHORTEST)
        case Unfit.LONG:
            return words.say("The password is too long: at most 256 characters.")
        case Unfit.NAME:
            return words.say("The password must not be the account's name. Choose another.")
        case Unfit.COMMON:
            return words.say("Very many people use this password. Choose another.")


def why_words(why: Why, words: Words) -> str:
    """Return why an account is not made or changed, and what to do."""
    return {
        Why.NAME: words.say("A name has 2 to 40 letters or digits, also . - _ @, and no blanks."),
        Why.TAKEN: words.say("Another account has this name. Choose another."),
        Why.NO_ROLE: words.say("Choose one role at least."),
        Why.AREA: words.say("Give one area at least: 12 digits, zeros at the end for all below."),
        Why.PERSON: words.say("This person is not known as staff of your areas. Choose one from the list."),
        Why.PERSON_TAKEN: words.say("This person has an account already."),
        Why.NOT_YOURS: words.say("These roles or areas are more than you may give. Ask an administrator."),
        Why.LAST_ADMINISTRATOR: words.say(
            "This is the last administrator: nobody could make accounts any more. Make another one first."
        ),
        Why.HAS_ADMINISTRATOR: words.say("There is an administrator already."),
        Why.UNKNOWN: words.say("There is no such account, or it is disabled."),
    }[why]
