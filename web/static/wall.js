/* What htmx does not do for us: clocks that tick from the server's time, swaps that touch only what changed,
   the panel, the slider. No dependency but htmx; nothing is stored in the browser. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const shell = $("shell");
  if (!shell) return;
  const words = JSON.parse(shell.dataset.words);

  /* -- server time: the machine's own clock may be wrong, its stop-watch is not ------------------------------- */
  let offset = null; // server ms minus performance.now()
  function hear(ms) {
    const found = ms - performance.now();
    // latency only ever makes what we hear too old, so the greatest difference is the best; a real step resets
    if (offset === null || found > offset || offset - found > 2000) offset = found;
  }
  const now = () => performance.now() + offset;

  function two(n) { return n < 10 ? "0" + n : "" + n; }
  function spell(ms) {
    const s = Math.floor(ms / 1000), d = Math.floor(s / 86400);
    const rest = two(Math.floor(s / 3600) % 24) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
    return d ? d + " " + words.day + " " + rest : rest;
  }
  function put(node, text) { if (node.textContent !== text) node.textContent = text; }
  function tick() {
    const at = now();
    for (const node of document.querySelectorAll("[data-tick]")) {
      const due = Number(node.dataset.due);
      if (node.tagName === "PROGRESS") {
        const opened = Number(node.dataset.opened);
        node.value = due > opened ? Math.max(0, Math.min(1000, (1000 * (at - opened)) / (due - opened))) : 1000;
      } else {
        const over = at > due;
        put(node.firstElementChild, over ? words.over : words.left);
        // rounded up while time is left, down once it is over: 00:00:00 is the due instant on both sides
        put(node.lastElementChild, spell(over ? at - due : due - at + 999));
        node.classList.toggle("over", over);
      }
    }
    const clock = $("clock");
    if (clock) put(clock, new Date(at + 8 * 3600e3).toISOString().slice(11, 19));
  }
  (function beat() {
    const clock = $("clock");
    if (offset === null && clock) hear(Number(clock.dataset.now));
    tick();
    setTimeout(beat, 1000 - (now() % 1000) + 2);
  })();

  /* -- a swap that leaves alone what did not change: focus, selection, hover and open details stay ---------------- */
  function attributes(a, b) {
    for (const { name, value } of [...b.attributes]) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
    // an open <details> is the reader's doing
    for (const { name } of [...a.attributes]) if (!b.hasAttribute(name) && name !== "open") a.removeAttribute(name);
  }
  function morph(a, b, made) {
    if (a.dataset && a.dataset.keep !== undefined && a.dataset.keep === b.dataset.keep) return;
    if (a.isEqualNode(b)) return;
    const was = a.dataset && a.dataset.state;
    const ticking = b.hasAttribute("data-tick");
    const current = a.classList.contains("current");
    if (!ticking || a.dataset.due !== b.dataset.due) attributes(a, b);
    if (current) a.classList.add("current");
    if (was && was !== b.dataset.state) flash(a);
    if (!ticking) children(a, b, made);
  }
  function children(a, b, made) {
    const kept = new Map();
    for (const node of a.children) if (node.id) kept.set(node.id, node);
    const asked = new Set();
    for (const node of b.children) if (node.id) asked.add(node.id);
    let at = a.firstChild;
    for (const wanted of [...b.childNodes]) {
      let mine = null;
      if (wanted.id) mine = kept.get(wanted.id) || null;
      else if (at && at.nodeType === wanted.nodeType && at.nodeName === wanted.nodeName && !at.id) mine = at;
      if (mine && mine.nodeName === wanted.nodeName) {
        // what is moved loses its scroll position and focus: clear the way to it rather than fetch it
        while (at && at !== mine && !asked.has(at.id)) { const next = at.nextSibling; at.remove(); at = next; }
        if (mine === at) at = at.nextSibling; else a.insertBefore(mine, at);
        if (mine.nodeType === Node.ELEMENT_NODE) morph(mine, wanted, made);
        else if (mine.nodeValue !== wanted.nodeValue) mine.nodeValue = wanted.nodeValue;
      } else {
        a.insertBefore(wanted, at);
        if (wanted.nodeType === Node.ELEMENT_NODE) {
          made.push(wanted);
          if (wanted.matches(".row, .entry")) flash(wanted);
        }
      }
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }
  function flash(node) {
    node.classList.remove("moved");
    void node.offsetWidth;
    node.classList.add("moved");
    node.addEventListener("animationend", () => node.classList.remove("moved"), { once: true });
  }
  htmx.defineExtension("keyed", {
    isInlineSwap: (style) => style === "keyed",
    handleSwap: (style, target, fragment) => {
      if (style !== "keyed") return false;
      const made = [], focused = document.activeElement && document.activeElement.id;
      children(target, fragment, made);
      if (focused && document.activeElement === document.body && $(focused)) $(focused).focus({ preventScroll: true });
      return made;
    },
  });

  /* -- live or not --------------------------------------------------------------------------------------------- */
  function refresh() { const board = $("board"); if (board) htmx.trigger(board, "refresh"); }
  shell.addEventListener("htmx:sseOpen", () => { document.documentElement.dataset.live = "on"; refresh(); });
  shell.addEventListener("htmx:sseError", () => { document.documentElement.dataset.live = "off"; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { offset = null; refresh(); } });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "board" && document.hidden) event.preventDefault();
    if (event.target.id === "replay" && (event.detail.requestConfig.triggeringEvent || {}).type === "sse:changed"
        && mode() !== "now") event.preventDefault();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.href = "/sign-in";
    else failed(event.detail.elt, words.failed);
  });
  document.addEventListener("htmx:sendError", (event) => failed(event.detail.elt, words.lost));
  function failed(node, text) {
    if (node.id === "file-form") put($("file-problem"), text); // it stands above what else is shown
    else if (node.id !== "board") say(text, true); // of the board the bar tells it
  }

  /* -- panel --------------------------------------------------------------------------------------------------- */
  function mark(id) {
    for (const row of document.querySelectorAll(".row")) row.classList.toggle("current", !!id && row.id === id);
  }
  // what rang last stands where there is room for the panel; it follows the board
  function rang() { const last = $("lately"); if (last && last.offsetParent) htmx.trigger(last, "refresh"); }
  let opener = null;
  function close() {
    const panel = $("panel"), empty = $("panel-empty");
    if (!empty) return;
    panel.replaceChildren(empty.content.cloneNode(true));
    htmx.process(panel);
    rang();
    document.body.classList.remove("panel-open");
    mark(null);
    const back = opener && $(opener);
    if (back) back.focus();
    opener = null;
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    const strip = $("strip");
    if (event.target.id === "board" && strip) { hear(Number(strip.dataset.now)); rang(); }
    if (event.target.id === "panel") {
      document.body.classList.add("panel-open");
      const link = event.detail.requestConfig && event.detail.requestConfig.elt;
      if (link && link.id) { opener = link.id; mark("p-" + link.id.slice(2)); }
      event.target.scrollTop = 0;
      moments();
      const chosen = event.target.querySelector(".duty.chosen");
      if (!chosen) event.target.focus({ preventScroll: true });
    }
    if (event.target.id === "history") moments();
    if (offset !== null) tick();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#panel-close")) return close();
    if (event.target.closest("#print")) return print();
    const row = event.target.closest(".row"), link = row && row.querySelector("a.open");
    if (link && !event.target.closest("a, button, form, summary") && !String(getSelection())) link.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) return close();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const list = $("list");
    if (!list || event.target.closest("input, textarea, select, #panel")) return;
    const links = [...list.querySelectorAll("a.open")];
    if (!links.length) return;
    const here = links.indexOf(document.activeElement);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = links[here < 0 ? 0 : Math.max(0, Math.min(links.length - 1, here + step))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });

  /* -- whose list it is: chosen, and shown ------------------------------------------------------------------------- */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("#whose");
    if (form) form.requestSubmit();
  });

  /* -- the slider: one stop for each instant at which something changed -------------------------------------------- */
  function mode() {
    const chosen = document.querySelector("#replay input[name=mode]:checked");
    return chosen ? chosen.value : "now";
  }
  let stops = { asof: [], knownat: [] }; // as the last look at the present told them
  function moments() {
    const form = $("replay"), line = $("line");
    if (!form || !line) return;
    if (line.dataset.knownat) stops = { asof: JSON.parse(line.dataset.asof), knownat: JSON.parse(line.dataset.knownat) };
    put($("touchpoints"), line.dataset.touchpoints);
    const which = mode(), range = $("moment"), hint = $("mode-hint");
    const key = which === "as_of" ? "asof" : "knownat";
    const mine = stops[key];
    put(hint, hint.dataset[which === "now" ? "nowHint" : key + "Hint"]);
    if (which === "as_of" && form.dataset.shown !== which) {
      // its last stop is now, however long ago the page came
      const present = new Date(now() + 8 * 3600e3).toISOString().slice(0, 23) + "+08:00";
      if (present > mine[mine.length - 1]) mine[mine.length - 1] = present;
    }
    range.disabled = mine.length < 2;
    // the present is the right end; a single stop is there too
    range.max = Math.max(1, mine.length - 1);
    if (which === "now" || form.dataset.shown !== which) range.value = range.max;
    form.dataset.shown = which;
    const at = which === "now" ? "" : mine[Math.min(Number(range.value), mine.length - 1)] || "";
    $("at").value = at;
    put($("moment-text"), at ? at.slice(0, 10) + " " + at.slice(11, 19) : form.querySelector("input[value=now] + span").textContent);
  }
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#replay")) return;
    if (event.target.id === "moment" && mode() === "now") {
      // who moves the knob away from the present asks what was known
      document.querySelector("#replay input[value=known_at]").checked = true;
      $("replay").dataset.shown = "known_at";
    }
    moments();
  }, true);
  moments();

  /* -- filing a complaint; a word about what was done ---------------------------------------------------------------- */
  const dialog = $("file-dialog");
  if (dialog) {
    $("file").addEventListener("click", () => dialog.showModal());
    $("file-cancel").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  let hush = 0;
  function say(text, bad) {
    const toast = $("toast");
    if (!toast) return;
    toast.textContent = text;
    toast.className = bad ? "shown bad" : "shown";
    clearTimeout(hush);
    hush = setTimeout(() => { toast.className = ""; }, 5000);
  }
  document.addEventListener("touchline:said", (event) => say(event.detail.text, event.detail.bad));
  document.addEventListener("touchline:filed", (event) => {
    dialog.close();
    $("file-form").reset();
    put($("file-problem"), "");
    htmx.ajax("GET", "/wall/cases/" + event.detail.case + "?panel=1&after=" + event.detail.place, { target: "#panel", swap: "innerHTML" });
  });
  document.addEventListener("touchline:unfiled", (event) => put($("file-problem"), event.detail.text));
})();
