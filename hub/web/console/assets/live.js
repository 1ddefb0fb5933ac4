// The stream of changes from the hub, and whether it is alive. It comes back by itself, and then brings everything.

const SILENT_AFTER = 12_000; // the hub beats every 5 s
const TRY_AGAIN = 2_000;

/** Follow the stream. `change(data, isFirst)`, `beat(ms)`, `connection({name, since})`: live, lost, sick or out. */
export function follow({ change, connection, beat, now }) {
  let source = null;
  let name = "";
  let heardAt = performance.now();
  let heardHub = now();
  let isFirst = true;
  let again = 0;

  function is(next) {
    if (name === next) return;
    name = next;
    connection({ name, since: heardHub });
  }

  function hear(data) {
    heardAt = performance.now();
    heardHub = data.now * 1000;
    beat(heardHub);
  }

  function open() {
    clearTimeout(again);
    source?.close();
    source = new EventSource("/live");
    isFirst = true;
    source.addEventListener("board", (event) => {
      const data = JSON.parse(event.data);
      hear(data);
      is("live");
      change(data, isFirst);
      isFirst = false;
    });
    source.addEventListener("beat", (event) => {
      hear(JSON.parse(event.data));
      is("live");
    });
    source.addEventListener("sick", (event) => {
      hear(JSON.parse(event.data));
      is("sick");
    });
    source.addEventListener("over", () => {
      source.close();
      is("out");
    });
    source.addEventListener("error", () => {
      source.close();
      again = setTimeout(retry, TRY_AGAIN);
    });
  }

  /** Connect again, unless the reason is that nobody is signed in any more. */
  async function retry() {
    try {
      const answer = await fetch("/live/signed-in", { cache: "no-store" });
      if (answer.status === 401) {
        is("out");
        return;
      }
    } catch {
      again = setTimeout(retry, TRY_AGAIN);
      return;
    }
    open();
  }

  setInterval(() => {
    if (performance.now() - heardAt > SILENT_AFTER && name !== "out") is("lost");
  }, 1000);
  // A laptop that slept: look at once whether anything still comes.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - heardAt > SILENT_AFTER) retry();
  });
  addEventListener("offline", () => is("lost"));
  addEventListener("online", () => retry());
  open();
  return {
    again() {
      if (name === "out") location.reload();
      else retry();
    },
  };
}
