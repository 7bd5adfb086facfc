// The judgement bar: its keys, and drafts. What was typed of a case is kept in the browser until it was saved, so that
// neither a reload, nor a claim that was lost, nor a server that is gone loses it.
(() => {
  'use strict';

  const $ = (selector, root = document) => root.querySelector(selector);
  const {keys, say, claim, currentTrace} = window.faultline;
  const bar = () => $('#judge[hx-boost]'); // that of a case

  // Drafts.
  const prefix = 'faultline draft ', oldest = 30 * 24 * 3600 * 1000;
  const fields = (form) => [...form.elements].filter((e) => e.name && e.type !== 'hidden' && e.type !== 'submit' && !['reviewer', 'assignee'].includes(e.name));
  const value = (e) => e.type === 'radio' ? (e.checked ? e.value : null) : e.value;
  const store = (act) => { try { return act(localStorage); } catch { return null; } }; // it may be full or forbidden

  function draft(form) {
    const values = fields(form).map((e) => [e.name, e.type === 'radio' ? e.value : '', value(e)]);
    store((s) => s.setItem(prefix + currentTrace(), JSON.stringify({at: Date.now(), values})));
  }

  function restore(form) {
    const text = store((s) => s.getItem(prefix + currentTrace()));
    if (!text) return;
    let kept;
    try { kept = JSON.parse(text).values; } catch { return; }
    const left = fields(form);
    for (const [name, choice, was] of kept) {
      const at = left.findIndex((e) => e.name === name && (e.type !== 'radio' || e.value === choice));
      if (at < 0) continue;
      const [e] = left.splice(at, 1);
      if (e.type === 'radio') e.checked = was !== null;
      else if (was !== null) e.value = was;
    }
    form.dataset.restored = '';
  }

  const forget = (trace) => store((s) => s.removeItem(prefix + trace));
  store((s) => {
    for (const key of Object.keys(s).filter((k) => k.startsWith(prefix))) {
      let at = 0;
      try { at = JSON.parse(s.getItem(key)).at; } catch { /* it goes */ }
      if (!(Date.now() - at < oldest)) s.removeItem(key);
    }
  });

  // A judgement was saved once another page than one with an error answers it.
  const sent = 'faultline sent';
  const remember = (trace) => { try { if (trace) sessionStorage.setItem(sent, trace); else sessionStorage.removeItem(sent); } catch { /* the draft stays */ } };
  const pending = () => { try { return sessionStorage.getItem(sent); } catch { return null; } };
  document.addEventListener('submit', (e) => {
    const judges = e.target.id === 'judge' && e.submitter?.name === 'decision' && bar();
    if (judges) remember(currentTrace());
    else if (e.target.id === 'both') remember(e.target.dataset.trace);
    else remember(null);
  }, true);
  for (const failed of ['htmx:responseError', 'htmx:sendError']) document.addEventListener(failed, () => remember(null));

  let prepared = null, claimed = 0;
  function arrived() {
    const form = bar();
    const trace = pending();
    if (trace) {
      if (!$('main.trouble') && trace !== currentTrace()) forget(trace);
      remember(null);
    }
    if (!form || form === prepared) return;
    prepared = form;
    claimed = Date.now();
    restore(form);
  }
  document.addEventListener('faultline:case', arrived);

  for (const kind of ['input', 'change']) {
    document.addEventListener(kind, (e) => {
      const form = bar();
      if (!form || e.target.form !== form || !fields(form).includes(e.target)) return;
      draft(form);
      if (Date.now() - claimed > 60000) { claimed = Date.now(); claim(true); } // who writes has the case for longer
    });
  }

  // Keys.
  function open(id) {
    const pop = document.getElementById(id);
    if (!pop) return;
    pop.open = true;
    $('textarea, select, input', pop)?.focus();
  }
  function write(id) {
    const field = document.getElementById(id);
    field?.focus({preventScroll: true});
    field?.scrollIntoView({block: 'center'});
  }
  for (const id of ['corrected', 'assertions']) {
    document.addEventListener('click', (e) => {
      if (!e.target.closest?.('#to-' + id)) return;
      e.preventDefault();
      write(id === 'corrected' ? 'corrected-output' : 'must-hold');
    });
  }
  function changed(e) { e.dispatchEvent(new Event('change', {bubbles: true})); }
  function severity(n) {
    const choice = document.querySelectorAll('#severity input')[n];
    if (!choice) return;
    choice.checked = !choice.checked;
    changed(choice);
  }
  Object.assign(keys, {
    q: () => $('#unsure')?.click(),
    p: () => { // the turn or the session
      const units = [...document.querySelectorAll('#unit input')];
      if (!units.length) { say('This case is no part of a session'); return; }
      const other = units.find((u) => !u.checked);
      other.checked = true;
      changed(other);
      say('Judged is the ' + other.value);
    },
    1: () => severity(0), 2: () => severity(1), 3: () => severity(2),
    t: () => $('#tags')?.focus(),
    w: () => write('corrected-output'),
    v: () => write('must-hold'),
    a: () => open('assign'),
    E: () => open('rename'),
    m: () => open('merge'),
  });
  // The key of a question goes through its choices, or into its field.
  window.faultline.question = (key) => {
    const asked = [...document.querySelectorAll('#judge [data-key]')].find((e) => e.dataset.key === key);
    if (!asked) return null;
    return () => {
      const choices = [...asked.querySelectorAll('input[type=radio]')];
      if (!choices.length) { $('input', asked)?.focus(); return; }
      const next = choices[(choices.findIndex((c) => c.checked) + 1) % choices.length];
      next.checked = true;
      changed(next);
    };
  };
  document.addEventListener('keydown', (e) => {
    const pop = e.target.closest?.('.pop');
    if (e.key === 'Escape' && pop) { pop.open = false; return; }
    if (e.key !== 'Enter' || e.target.tagName !== 'INPUT' || !e.target.form || e.target.form !== bar()) return;
    e.preventDefault(); // a field is no judgement
    if (e.target.closest('#assign')) $('#assign button').click();
    else e.target.blur();
  }, true);
  // A fold closes when something else is pressed.
  document.addEventListener('click', (e) => {
    for (const pop of document.querySelectorAll('.pop[open]')) if (!pop.contains(e.target)) pop.open = false;
  });

  // Signals: the buttons say how many cases they judge.
  document.addEventListener('change', (e) => {
    if (!e.target.matches?.('[name=signal], [name=trace]')) return;
    const traces = document.querySelectorAll('[name=trace]:checked').length;
    const chosen = [...document.querySelectorAll('[name=signal]:checked')];
    const n = traces || chosen.reduce((sum, box) => sum + Number(box.dataset.open), 0);
    for (const words of document.querySelectorAll('.chosen-words')) {
      words.dataset.all ??= words.textContent;
      const most = !traces && words.closest('[data-at-most]') ? 'at most ' : ''; // blind cases are left out
      words.textContent = traces || chosen.length ? most + n : words.dataset.all;
    }
  });

  arrived();
})();
