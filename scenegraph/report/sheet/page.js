/* Links open what they lead to; keys move what is in use; paper shows everything. */
const player_of = (element) => comparisons.get(element?.closest(".compare")) ?? film;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.do) player_of(button)?.do(button.dataset.do);
  if (button.dataset.at && film?.video) {
    film.video.pause();
    film.go_to(Number(button.dataset.at));
    film.stage.scrollIntoView({ block: "center" });
  }
});

const KEYS = { ArrowRight: ["on", "after"], ArrowLeft: ["back", "before"], " ": ["play", "play"] };
const FIELDS = "input, select, textarea";
const SCROLLING = "pre, .graph, .lasts, .bar, .wide-table";

document.addEventListener("keydown", (event) => {
  const what = KEYS[event.key]?.[event.shiftKey ? 1 : 0];
  if (!what || event.ctrlKey || event.altKey || event.metaKey) return;
  const at = event.target;
  if (at.closest(FIELDS) || at.matches(SCROLLING)) return;
  if (what === "play" && at.closest("button, a, summary")) return;
  const inside = at === document.body || at.closest(".compare, .stage, button");
  const player = player_of(at);
  if (!inside || !player) return;
  event.preventDefault();
  player.do(what);
});

const open_target = () => {
  const name = decodeURIComponent(location.hash.slice(1));
  const details = name && document.getElementById(name)?.querySelector(":scope > details");
  if (!details || details.open) return;
  details.open = true;
  details.parentElement.scrollIntoView();
};
addEventListener("hashchange", open_target);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link && !event.defaultPrevented) setTimeout(open_target);
});
open_target();

let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
