// el makes an element. data-*, aria-* and role are set as attributes, other names as
// properties. Children are elements and strings. Data is never parsed as HTML.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.includes('-') || name === 'role') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== ''));
  return element;
}

export const byId = (id) => document.getElementById(id);
