// Keys, copying and the next case ahead of time. Everything here is a convenience: the page works without it.
(() => {
  'use strict';

  const $ = (selector, root = document) => root.querySelector(selector);
  const rows = () => [...document.querySelectorAll('#items a.item')];
  const currentTrace = () => $('#case')?.dataset.trace;
  const rowOf = (trace) => trace && document.getElementById('i-' + trace);

  // What is said in the corner, for eyes and for screen readers.
  let silence;
  function say(text, wrong = false) {
    const status = $('#status');
    if (!status) return;
    status.textContent = text;
    status.classList.toggle('wrong', wrong);
    clearTimeout(silence);
    silence = setTimeout(() => { status.textContent = ''; }, wrong ? 8000 : 2200);
  }

  // The row of the case that is shown is the current one, and in sight.
  function markCurrent() {
    const row = rowOf(currentTrace());
    for (const link of rows()) {
      if (row && row.contains(link)) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
    if (row?.offsetParent) row.scrollIntoView({block: 'nearest'});
    return row;
  }

  // The case below is fetched while this one is read. It is kept for a short time only: somebody else may judge it.
  let ahead = null;
  const freshFor = 30000;
  function lookAhead() {
    const link = $('a.item', rowOf(currentTrace())?.nextElementSibling ?? document.createElement('i'));
    if (!link || ahead?.href === link.href && performance.now() - ahead.at < freshFor) return;
    const wanted = {href: link.href, at: performance.now(), page: null};
    ahead = wanted;
    fetch(link.href, {headers: {'Faultline-Ahead': '1'}})
      .then((r) => r.ok ? r.text() : Promise.reject(r.status))
      .then((html) => { wanted.page = new DOMParser().parseFromString(html, 'text/html'); })
      .catch(() => { if (ahead === wanted) ahead = null; });
  }

  // A case that was fetched ahead is claimed when it is shown.
  function claim(again = false) {
    const holder = $('#holder');
    if (!holder || !again && 'mine' in holder.dataset || new URLSearchParams(location.search).get('claim') === 'no') return;
    holder.dataset.mine = '';
    fetch(holder.dataset.claim, {method: 'POST'})
      .then((r) => r.ok ? r.text() : Promise.reject(r.status))
      .then((html) => { holder.replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.childNodes); })
      .catch(() => { delete holder.dataset.mine; });
  }

  // The turn that failed is in sight, unless the address names another place.
  function reveal() {
    const scroll = $('#case .scroll'), turn = $('#failing');
    if (!scroll || !turn || $('#case').dataset.revealed) return;
    $('#case').dataset.revealed = '';
    if (location.hash && location.hash !== '#said') return;
    if (getComputedStyle(scroll).overflowY === 'visible') return; // a narrow screen begins with what failed
    const view = scroll.getBoundingClientRect(), at = turn.getBoundingClientRect();
    if (at.top >= view.top && at.bottom <= view.bottom) return;
    scroll.scrollTop += Math.min(at.bottom - view.bottom + 12, at.top - view.top - 8);
  }

  // The failing turns of the session, one after the other.
  let turn = null;
  function failing(by) {
    const all = [...document.querySelectorAll('#said [data-failing]')];
    if (!all.length) { say('No turn of this session failed'); return; }
    const from = all.includes(turn) ? all.indexOf(turn) : all.findIndex((e) => e.id === 'failing');
    const next = all[from < 0 ? 0 : from + by] ?? (all.length === 1 && turn !== all[0] ? all[0] : undefined);
    if (!next) { say(by > 0 ? 'That was the last failing turn' : 'That is the first failing turn'); return; }
    turn = next;
    unfold(next);
    next.scrollIntoView({block: 'center'});
    next.focus({preventScroll: true});
  }

  function unfold(e) {
    for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
  }
  // Where an address leads to is unfolded.
  function goTo(hash) {
    let place = null;
    try { place = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1))); } catch { /* no address */ }
    if (place) { unfold(place); place.scrollIntoView({block: 'nearest'}); }
  }
  addEventListener('hashchange', () => goTo(location.hash));

  // O opens or folds what has the focus, else the failing turn's first fold; on a signal it lists all its cases.
  function toggle() {
    if ($('#all-cases')) { $('#all-cases').click(); return; }
    const fold = document.activeElement.closest?.('#case details') ?? null;
    if (!fold) { say('Go to something that folds with Tab, then O opens it'); return; }
    fold.open = !fold.open;
    $('summary', fold)?.focus();
  }

  // Markdown stays as it was chosen.
  function markdown() {
    const box = $('#markdown');
    if (box) box.checked = localStorage.getItem('markdown') === 'yes';
  }
  document.addEventListener('change', (e) => {
    if (e.target.id === 'markdown') localStorage.setItem('markdown', e.target.checked ? 'yes' : 'no');
  });

  // The tree folds. Where a long one has parts in which nothing failed, those are folded first.
  const depthOf = (row) => Number(row.dataset.depth);
  function below(row) {
    const rows = [];
    for (let r = row.nextElementSibling; r && depthOf(r) > depthOf(row); r = r.nextElementSibling) rows.push(r);
    return rows;
  }
  function fold(row, closed) {
    const button = $('.fold-rows', row);
    button.setAttribute('aria-expanded', String(!closed));
    button.textContent = closed ? '▶' : '▼';
    $('.name', row).dataset.holds = '+ ' + below(row).length;
    let shut = Infinity;
    for (const r of below(row)) {
      if (depthOf(r) <= shut) shut = Infinity;
      r.hidden = closed || shut < Infinity;
      if (shut === Infinity && $('.fold-rows', r)?.getAttribute('aria-expanded') === 'false') shut = depthOf(r);
    }
  }
  function foldable() {
    const rows = [...document.querySelectorAll('.tree li')];
    for (const row of rows.reverse()) {
      const inside = below(row);
      if (!inside.length || $('.fold-rows', row)) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'fold-rows ' + ($('.name', row).className.match(/in\d+/) ?? [''])[0];
      button.setAttribute('aria-label', 'what is below ' + $('.name', row).textContent);
      row.prepend(button);
      fold(row, rows.length > 12 && !inside.some((r) => r.classList.contains('bad-row') || $('a[aria-current]', r)) && depthOf(row) > 0);
    }
  }
  document.addEventListener('click', (e) => {
    const button = e.target.closest?.('.tree .fold-rows');
    if (button) fold(button.parentElement, button.getAttribute('aria-expanded') === 'true');
  });

  // Views are addresses with a name, kept in this browser: a colleague is sent the address itself.
  function views() {
    const place = $('#views');
    if (!place) return;
    let saved = [];
    try { saved = JSON.parse(localStorage.getItem('views')) ?? []; } catch { /* written by hand: forgotten */ }
    if (!Array.isArray(saved)) saved = [];
    saved = saved.filter((v) => typeof v?.name === 'string' && typeof v?.query === 'string').slice(0, 30);
    const keep = () => { localStorage.setItem('views', JSON.stringify(saved)); views(); };
    place.hidden = false;
    const choice = $('#queue-name');
    $('#saved-views')?.remove();
    if (choice && saved.length) {
      const group = document.createElement('optgroup');
      group.id = 'saved-views';
      group.label = 'Saved views';
      for (const v of saved) group.append(new Option(v.name, '?' + v.query));
      choice.append(group);
      const at = saved.find((v) => v.query === String(queryNow()));
      if (at?.query) choice.value = '?' + at.query;
    }
    for (const old of place.querySelectorAll('.view')) old.remove();
    for (const [i, v] of saved.entries()) {
      const box = document.createElement('span'), link = document.createElement('a'), drop = document.createElement('button');
      box.className = 'view';
      link.href = '/?' + v.query;
      link.textContent = v.name;
      drop.type = 'button';
      drop.textContent = '✕';
      drop.setAttribute('aria-label', 'forget the view ' + v.name);
      drop.onclick = () => { saved.splice(i, 1); keep(); };
      box.append(link, drop);
      $('#save-view').before(box);
    }
    $('#save-view').onclick = () => {
      const query = queryNow();
      const name = [...query.values()].join(' ') || 'to review';
      if (saved.some((v) => v.query === String(query))) { say('This view is saved already'); return; }
      saved.push({name: name.slice(0, 60), query: String(query)});
      keep();
      say('Saved in this browser');
    };
  }

  function queryNow() {
    const query = new URLSearchParams(location.search);
    for (const key of ['cursor', 'claim', 'span']) query.delete(key);
    return query;
  }
  // A saved view is an address, not a queue.
  document.addEventListener('change', (e) => {
    if (e.target.id === 'queue-name' && e.target.value.startsWith('?')) {
      e.stopPropagation();
      location.href = '/' + e.target.value;
    }
    if (e.target.closest?.('#signal-filter, #scope')) e.target.form.requestSubmit();
  }, true);

  function arrived() {
    document.dispatchEvent(new CustomEvent('faultline:case'));
    views();
    markCurrent();
    markdown();
    foldable();
    reveal();
    goTo(location.hash);
    claim();
    lookAhead();
  }

  // A case that is here already is shown without asking.
  document.addEventListener('click', (e) => {
    const link = e.target.closest?.('#items a.item');
    if (!link || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    if (ahead?.href !== link.href || !ahead.page || performance.now() - ahead.at > freshFor) return;
    const next = $('#case', ahead.page);
    if (!next?.dataset.trace) return;
    e.preventDefault();
    e.stopPropagation();
    document.title = ahead.page.title;
    const place = document.importNode(next, true);
    $('#case').replaceWith(place);
    htmx.process(place);
    history.pushState({htmx: true}, '', link.href);
    ahead = null;
    $('h1', place)?.focus({preventScroll: true});
    choose();
    arrived();
  }, true);

  // On a narrow screen a chosen case takes the place of the queue.
  function choose() { $('main')?.classList.add('chosen'); }

  function step(by) {
    const all = rows();
    const at = all.findIndex((link) => link.hasAttribute('aria-current'));
    const next = all[at < 0 ? 0 : at + by];
    if (next) next.click();
    else if (by > 0 && $('#older')) $('#older').click();
    else say(by > 0 ? 'That was the last one' : 'That is the newest');
  }

  // htmx knows only the buttons inside a form: one outside has a twin there.
  document.addEventListener('click', (e) => {
    const button = e.target.closest?.('button[form=judge]');
    const form = $('#judge');
    if (!button || !form) return;
    e.preventDefault();
    const twin = button.cloneNode(false);
    twin.removeAttribute('id');
    twin.removeAttribute('form');
    twin.hidden = true;
    form.append(twin);
    twin.click();
    twin.remove();
  });

  // Judging: the row goes (or says so).
  let judging = null;
  document.addEventListener('submit', (e) => {
    if (e.target.id !== 'judge') return;
    judging = null;
    if (e.submitter?.name !== 'decision') return; // it skips
    judging = {trace: currentTrace(), words: {confirmed: 'Confirmed', rejected: 'Not a failure', unsure: 'Unsure'}[e.submitter.value]};
  }, true);
  document.addEventListener('htmx:beforeSwap', (e) => {
    if (!judging || e.detail.requestConfig?.verb !== 'post' || e.detail.isError) return;
    if ((new URLSearchParams(location.search).get('state') ?? 'open') === 'open') rowOf(judging.trace)?.remove();
    say(judging.words + ' · U takes it back');
    judging = null;
    ahead = null;
  });

  function submit(id) {
    const button = document.getElementById(id);
    if (button) button.click();
  }

  const keys = {
    j: () => step(1), k: () => step(-1),
    y: () => submit('yes'),
    n: () => submit('no'),
    s: () => submit('skip'),
    l: () => submit('release'),
    c: () => { const s = $('#as'); s?.focus(); try { s?.showPicker(); } catch { /* it has the focus, that is enough */ } },
    e: () => $('#note')?.focus(),
    Y: () => submit('all-yes'),
    N: () => submit('all-no'),
    x: () => document.querySelector('#items a.item[aria-current]')?.parentElement.querySelector('input')?.click(),
    o: toggle,
    g: () => { if ($('#trace')) $('#trace').click(); else say('No trace viewer is configured'); },
    f: () => $('#version')?.focus(),
    i: () => submit('ignore'),
    d: () => submit('dataset'),
    S: () => { location.href = '/signals'; },
    C: () => { location.href = '/'; },
    O: () => { location.href = '/overview'; },
    D: () => { location.href = '/datasets'; },
    u: () => { if ($('#undo')) submit('undo'); else say('There is nothing of yours to take back'); },
    '/': () => { $('#q')?.focus(); $('#q')?.select(); },
    '[': () => failing(-1),
    ']': () => failing(1),
    h: () => $('#markdown')?.click(),
    r: () => { const link = $('#fresh'); if (link) link.click(); else say('Nothing new'); },
    '?': () => { if ($('#single-keys')) $('#single-keys').checked = singleKeys(); $('#keys')?.showModal(); },
  };
  document.addEventListener('keydown', (e) => {
    const field = e.target.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select');
    if (e.key === 'Escape' && field) { e.preventDefault(); field.blur(); return; } // and keeps what was typed
    if (field?.form?.id === 'judge' && e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); submit($('#yes') ? 'yes' : 'all-yes'); return; }
    if (!singleKeys() && e.key !== '?') return;
    if (field || e.ctrlKey || e.metaKey || e.altKey || e.repeat && !'jk'.includes(e.key) || $('dialog[open]')) return;
    // A letter with Shift is a key of its own; Caps Lock is no Shift.
    const key = e.key.length === 1 && !e.shiftKey ? e.key.toLowerCase() : e.key;
    const act = keys[key] ?? faultline.question?.(key);
    if (!act) return;
    e.preventDefault();
    act();
  });
  // Single keys can be switched off: speech control and slips of the hand type letters too.
  const singleKeys = () => { try { return localStorage.getItem('keys') !== 'off'; } catch { return true; } };
  document.addEventListener('change', (e) => {
    if (e.target.id !== 'single-keys') return;
    try { localStorage.setItem('keys', e.target.checked ? 'on' : 'off'); } catch { /* it holds until the page goes */ }
  });
  // The browser would move the focus into the list, where further keys choose a class by its first letter.
  document.addEventListener('invalid', (e) => {
    if (e.target.id !== 'as') return;
    e.preventDefault();
    say('Choose what failed first: C', true);
  }, true);
  // Once a class is chosen the keys judge again.
  document.addEventListener('change', (e) => { if (e.target.id === 'as') $('#yes')?.focus(); });

  document.addEventListener('click', (e) => {
    const copy = e.target.closest?.('[data-copy]');
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
        copy.classList.add('done');
        say('Copied');
        setTimeout(() => copy.classList.remove('done'), 1200);
      }, () => say('The browser does not allow copying', true));
    }
    const opener = e.target.closest?.('[data-dialog]');
    if (opener) keys['?']();
  });

  // Addresses without what is empty.
  document.addEventListener('htmx:configRequest', (e) => {
    if (e.detail.elt?.id !== 'filter') return;
    for (const [key, value] of [...e.detail.formData.entries()]) {
      if (value === '' || key === 'state' && value === 'open') e.detail.formData.delete(key);
    }
  });
  // Leaving the search box says "change" again: what was asked for is not asked for twice.
  const filterKeys = ['q', 'queue', 'class', 'service', 'source', 'state', 'cursor', 'model', 'prompt_version', 'environment', 'reviewer', 'tag', 'score', 'since', 'until'];
  const filterOf = (values) => JSON.stringify(filterKeys.map((key) => values.get(key) ?? ''));
  let asked = filterOf(new URLSearchParams(location.search));
  document.addEventListener('htmx:beforeRequest', (e) => {
    if (e.detail.elt?.id !== 'filter') return;
    const wanted = filterOf(e.detail.requestConfig.formData);
    if (wanted === asked) e.preventDefault();
    asked = wanted;
  });
  document.addEventListener('htmx:afterSettle', (e) => {
    if (e.detail.target?.id === 'case') {
      choose();
      $('#case h1')?.focus({preventScroll: true});
    }
    arrived();
  });
  document.addEventListener('htmx:historyRestore', () => {
    asked = filterOf(new URLSearchParams(location.search));
    arrived();
  });
  document.addEventListener('htmx:responseError', (e) => {
    judging = null;
    asked = null;
    if (e.detail.xhr.status === 409) { // both judgements, on a page of its own
      const both = new DOMParser().parseFromString(e.detail.xhr.responseText, 'text/html');
      const place = document.importNode($('#case', both), true);
      document.title = both.title;
      $('#case').replaceWith(place);
      place.className = 'trouble case';
      $('h1', place).tabIndex = -1;
      $('h1', place).focus();
      choose();
      return;
    }
    const page = new DOMParser().parseFromString(e.detail.xhr.responseText, 'text/html');
    say($('.why', page)?.textContent || 'The server answered ' + e.detail.xhr.status, true);
  });
  document.addEventListener('htmx:sendError', () => { judging = asked = null; say('The Collector does not answer; nothing was saved', true); });

  // What judgement.js adds to.
  const faultline = window.faultline = {keys, say, claim, currentTrace};

  arrived();
})();
