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
    row?.scrollIntoView({block: 'nearest'});
    const filter = $('.filter'), queue = $('.queue');
    if (row && filter && row.getBoundingClientRect().top < filter.getBoundingClientRect().bottom) {
      queue.scrollTop -= filter.getBoundingClientRect().bottom - row.getBoundingClientRect().top;
    }
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

  function arrived() {
    document.dispatchEvent(new CustomEvent('faultline:case'));
    markCurrent();
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
    f: () => $('#version')?.focus(),
    i: () => submit('ignore'),
    S: () => { location.href = '/signals'; },
    C: () => { location.href = '/'; },
    u: () => { if ($('#undo')) submit('undo'); else say('There is nothing of yours to take back'); },
    '/': () => { $('#q')?.focus(); $('#q')?.select(); },
    r: () => { const link = $('#fresh'); if (link) link.click(); else say('Nothing new'); },
    '?': () => $('#keys')?.showModal(),
  };
  document.addEventListener('keydown', (e) => {
    const field = e.target.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select');
    if (e.key === 'Escape' && field) { e.preventDefault(); field.blur(); return; } // and keeps what was typed
    if (e.target.id === 'note' && e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); submit('yes'); return; }
    if (field || e.ctrlKey || e.metaKey || e.altKey || e.repeat && !'jk'.includes(e.key) || $('dialog[open]')) return;
    const act = keys[e.key] ?? keys[e.key.toLowerCase()] ?? faultline.question?.(e.key);
    if (!act) return;
    e.preventDefault();
    act();
  });
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
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  });

  // Addresses without what is empty.
  document.addEventListener('htmx:configRequest', (e) => {
    if (e.detail.elt?.id !== 'filter') return;
    for (const [key, value] of [...e.detail.formData.entries()]) {
      if (value === '' || key === 'state' && value === 'open') e.detail.formData.delete(key);
    }
  });
  // Leaving the search box says "change" again: what was asked for is not asked for twice.
  const filterKeys = ['q', 'queue', 'class', 'service', 'state', 'cursor'];
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
