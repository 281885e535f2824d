/** Makes an element with attributes and children. Attributes never include `style`, which a strict CSP refuses. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** Sets the text of an element if it differs, so that a screen reader hears only changes. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

const SVG = 'http://www.w3.org/2000/svg'

/** A drawing of the given width and of height 10 that is stretched to its place. */
export function svg(width: number): SVGSVGElement {
  const made = document.createElementNS(SVG, 'svg')
  made.setAttribute('viewBox', `0 0 ${width} 10`)
  made.setAttribute('preserveAspectRatio', 'none')
  made.setAttribute('aria-hidden', 'true')
  return made
}

/** Adds a rectangle; its class gives the colour. */
export function rect(parent: SVGElement, kind: string, x: number, width: number, y = 0, height = 10): void {
  const made = document.createElementNS(SVG, 'rect')
  for (const [key, value] of Object.entries({ class: kind, x, y, width: Math.max(width, 0), height }))
    made.setAttribute(key, String(value))
  parent.append(made)
}
