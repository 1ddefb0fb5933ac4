// The stream of changes from the hub, and whether it is alive. It comes back by itself, and then brings everything.

const SILENT_AFTER = 12_000; // the hub beats every 5 s
const TRY_AGAIN = 1_000;
// Which waiting emergencies somebody has seen in this window, on whatever page.
export const TOLD = "carehub.told";

/** Follow a stream, whose changes have one name. `change(data, isFirst)`, `beat(ms)`, `connection({name, since})`: live,
 * lost, sick or out. */
export function follow({ url = "/live", changes = "board", change, connection, beat, now }) {
  let source = null;
  let isOver = false;
  let name = "";
  let heardAt = performance.now();
  let heardHub = now();
  let isFirst = true;
  let again = 0;

  function is(next) {
    if (name === next || isOver) return;
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
    if (isOver) return;
    source = new EventSource(url);
    isFirst = true;
    source.addEventListener(changes, (event) => {
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
      if (answer.ok) return open();
      is(answer.status === 503 ? "sick" : "lost");
    } catch {
      is("lost"); // nobody is there: that is known at once, and need not be waited for
    }
    again = setTimeout(retry, TRY_AGAIN * 2);
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
    stop() {
      isOver = true;
      clearTimeout(again);
      source.close();
    },
  };
}
