import { nullable, STRING } from '../../types/lattice.js';
import { urlDecode } from './encoding.js';
import { defineFunction, type FunctionSpec } from './spec.js';

/** RFC 3986, appendix B: scheme, authority, path, query. Every text has these parts; no two of them can begin alike, so nothing is tried twice. */
const URL_PARTS = /^(?:[^:/?#]+:)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/;

function urlHost(url: string): string | null {
  const authority = URL_PARTS.exec(url)![1];
  if (!authority) return null;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':');
  return (end > 0 ? host.slice(0, end) : end === 0 ? '' : host).toLowerCase() || null;
}

/** The first value that the query has by this name. */
function urlParam(url: string, name: string): string | null {
  const query = URL_PARTS.exec(url)![3] ?? '';
  for (let start = 0; start < query.length;) {
    const next = query.indexOf('&', start);
    const end = next < 0 ? query.length : next;
    const equals = query.indexOf('=', start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (urlDecode(query.slice(start, nameEnd)) === name) return urlDecode(query.slice(Math.min(nameEnd + 1, end), end));
    start = end + 1;
  }
  return null;
}

export const urlFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'urlHost',
      signature: 'urlHost(url)',
      summary: 'the host of a URL, in lower case',
      doc: 'Without user and port. Null if the URL has none.',
      examples: [
        { expression: 'urlHost("https://me@Shop.example:8443/cart?id=7")', value: 'shop.example' },
        { expression: 'urlHost("/cart?id=7")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(STRING), run: urlHost }],
  ),
  defineFunction(
    {
      name: 'urlPath',
      signature: 'urlPath(url)',
      summary: 'the path of a URL, as it is written',
      doc: 'Empty if the URL has none.',
      examples: [{ expression: 'urlPath("https://shop.example/cart/a%20b?id=7")', value: '/cart/a%20b' }],
    },
    [{ params: ['text'], returns: STRING, run: (url: string) => URL_PARTS.exec(url)![2] }],
  ),
  defineFunction(
    {
      name: 'urlParam',
      signature: 'urlParam(url, name)',
      summary: 'a parameter of the query of a URL, decoded',
      doc: 'The first of that name. Null if there is none, or if it is malformed.',
      examples: [
        { expression: 'urlParam("/search?q=new+york&page=2", "q")', value: 'new york' },
        { expression: 'urlParam("/search?q=x", "page")', value: null },
      ],
    },
    [{ params: ['text', 'text'], returns: nullable(STRING), run: urlParam }],
  ),
];
