import { element } from './dom.js'

/** The look of the panel. */
const css = `
:host {
  all: initial; position: fixed; inset-inline-end: 12px; inset-block-end: 12px; z-index: 2147483000;
  color-scheme: light dark;
  font: 13px/1.45 system-ui, sans-serif; color: var(--text);
  --text: #1d2530; --soft: #56606e; --ground: #fff; --raised: #f2f4f7; --line: #d4d9e0;
  --good: #17713f; --bad: #b3261e; --wait: #9a6400; --info: #1f5fbf;
}
@media (prefers-color-scheme: dark) {
  :host { --text: #e8ebf0; --soft: #a7b0bd; --ground: #171b21; --raised: #222831; --line: #3a424e;
    --good: #6fd39a; --bad: #ff9a92; --wait: #f0be62; --info: #8ab8ff; }
}
* { box-sizing: border-box; }
details { background: var(--ground); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 6px 24px #0004; }
summary { padding: 8px 12px; white-space: nowrap; cursor: pointer; font-weight: 600; }
:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; border-radius: 6px; }
.body { inline-size: min(500px, calc(100vw - 26px)); max-block-size: min(60vh, 560px); overflow: auto; padding: 0 12px 12px; }
section + section { border-block-start: 1px solid var(--line); margin-block-start: 12px; padding-block-start: 4px; }
h2, h3 { font-size: 13px; margin: 8px 0 4px; } h3 { color: var(--soft); font-weight: 600; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.state::before { content: ''; display: inline-block; inline-size: 9px; block-size: 9px; border-radius: 50%; margin-inline-end: 6px; background: var(--soft); }
.state.signed_in::before { background: var(--good); } .state.signed_out::before, .state.unavailable::before { background: var(--bad); }
.life { inline-size: 100%; block-size: 8px; border-radius: 4px; background: var(--raised); display: block; } .life[hidden] { display: none; }
.life .left { fill: var(--good); } .life .refresh { fill: var(--wait); } .life .blocking { fill: var(--bad); }
.actions { display: flex; flex-wrap: wrap; gap: 6px; margin-block: 8px; }
button { font: inherit; color: var(--text); background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; cursor: pointer; min-block-size: 30px; }
button:disabled { color: var(--soft); cursor: default; }
button[aria-pressed=true] { background: var(--bad); border-color: var(--bad); color: var(--ground); }
ol { list-style: none; margin: 0; padding: 0; }
.waterfall li { display: grid; grid-template-columns: minmax(90px, 34%) 1fr; gap: 8px; align-items: center; }
.waterfall .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 12px/1.6 ui-monospace, monospace; }
.waterfall svg { inline-size: 100%; block-size: 14px; background: var(--raised); border-radius: 3px; }
.words { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.sent { fill: var(--info); } .refused { fill: var(--bad); } .re-sent { fill: var(--good); } .wait { fill: var(--wait); opacity: .7; }
.band { fill: var(--info); opacity: .22; } .band.failed { fill: var(--bad); opacity: .25; }
.log { max-block-size: 150px; overflow: auto; font: 12px/1.5 ui-monospace, monospace; background: var(--raised); border-radius: 6px; padding: 6px 8px; }
.log li { overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 12px; color: var(--soft); }
.legend[hidden] { display: none; }
.legend i { display: inline-block; inline-size: 9px; block-size: 9px; border-radius: 2px; margin-inline-end: 4px; }
.legend .sent { background: var(--info); } .legend .refused { background: var(--bad); } .legend .wait { background: var(--wait); } .legend .re-sent { background: var(--good); } .legend .band { background: var(--info); opacity: .4; }
.legend .left { background: var(--good); } .legend .refresh { background: var(--wait); } .legend .blocking { background: var(--bad); }
@media (max-width: 520px) { :host { inset-inline-end: 0; inset-block-end: 0; } details { border-inline-width: 0; border-block-end-width: 0; border-radius: 10px 10px 0 0; } .body { inline-size: 100vw; } button { min-block-size: 40px; } }
`

let sheet: CSSStyleSheet | undefined

/** Adds the look to the panel: with a constructed style sheet, which a CSP without `unsafe-inline` allows, where there are such. */
export function applyStyles(root: ShadowRoot): void {
  // Safari before 16.4 and jsdom have none.
  const canConstruct = typeof CSSStyleSheet === 'function' && 'replaceSync' in CSSStyleSheet.prototype
  if (!canConstruct || !('adoptedStyleSheets' in root)) return root.append(element('style', {}, css))
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  root.adoptedStyleSheets = [sheet]
}
