"use strict";
const page = document.getElementById("page");
const said = document.getElementById("said");
let version = 0;

function say(text) {
  if (said.textContent !== text) said.textContent = text;
  said.hidden = !text;
}

// Turned over where the reader was: the same height, the same place in the page.
function turn() {
  const inside = page.contentWindow;
  const top = inside ? inside.scrollY : 0;
  const hash = inside && inside.location.hash;
  page.addEventListener("load", () => page.contentWindow.scrollTo(0, top), { once: true });
  page.src = `/page?v=${version}${hash || ""}`;
}

// A page that is being watched is left alone until its film stands still.
function plays() {
  const inside = page.contentDocument;
  return !!inside && [...inside.querySelectorAll("video")].some((film) => !film.paused);
}

function place(where) {
  return where.file ? [where.file, where.line, where.column].filter(Boolean).join(":") + ": " : "";
}

async function ask() {
  try {
    const news = await (await fetch("/news")).json();
    if (news.error) say(`${place(news.error.where)}${news.error.message} ${news.error.next}`);
    else say(news.version ? "" : "Making the page …");
    if (news.version !== version && !plays()) {
      version = news.version;
      if (!news.error) turn();
    }
  } catch {
    say("The studio has ended: `scenegraph studio SCENE` opens it again.");
  }
  setTimeout(ask, 1000);
}
ask();
