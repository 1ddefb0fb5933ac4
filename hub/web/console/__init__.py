"""The console of staff and installers: server-rendered pages that stay live, behind a sign-in."""
