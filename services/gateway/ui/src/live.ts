/**
 * Hears that what the page shows has changed (`<main data-about="agreement/…" data-version="3">`) and offers to show it.
 * The stream is open only while the page is visible; nothing is ever moved under the reader's hands.
 */
export function listen(): void {
  const shown = document.querySelector<HTMLElement>("[data-about]");
  const bar = document.querySelector<HTMLElement>("[data-news]");
  const [aggregate, id] = shown?.dataset["about"]?.split("/") ?? [];
  if (!shown || !bar || !aggregate || !id) return;

  let stream: EventSource | undefined;

  const hear = (message: MessageEvent<string>): void => {
    const version = versionIn(message.data);
    if (version !== undefined && version > Number(shown.dataset["version"])) bar.hidden = false;
  };

  const open = (): void => {
    stream?.close();
    stream = new EventSource(`/api/v1/stream?aggregate=${aggregate}&id=${encodeURIComponent(id)}`);
    stream.addEventListener("changed", hear);
    stream.addEventListener("reset", () => (bar.hidden = false));
  };

  const follow = (): void => {
    if (document.visibilityState === "visible") open();
    else stream?.close();
  };

  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => stream?.close());
  follow();
}

function versionIn(data: string): number | undefined {
  try {
    const news: unknown = JSON.parse(data);
    return typeof news === "object" && news !== null && "version" in news ? Number(news.version) : undefined;
  } catch {
    return undefined;
  }
}
