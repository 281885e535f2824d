type Child = Node | string

/** Creates an element with attributes and children. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/** A group of radio buttons. */
export function choices(
  legend: string,
  name: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
): HTMLFieldSetElement {
  const buttons = Object.entries(options).map(([value, label]) => {
    const input = h('input', { type: 'radio', name, value, ...(value === chosen && { checked: '' }) })
    return h('label', {}, input, ` ${label}`)
  })
  return h('fieldset', {}, h('legend', {}, legend), ...buttons)
}
