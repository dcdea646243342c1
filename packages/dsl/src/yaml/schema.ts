import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { listing, quote } from '../diagnostics/message.js';
import { closest } from '../expression/suggest.js';
import { hasVariables, resolveVariables, type Environment } from './env.js';
import { shorten, yamlMessages } from './messages.js';
import { describe, isNull, textOf, type YamlNode } from './node.js';

/**
 * A JSON Schema (2020-12 in spirit, the part that ajv's default dialect has too). `x-expected` says in words what a value must be and is
 * used in messages; `title` names the thing in them. Unions are told apart by JSON type (`type: [string, object]`), never by `anyOf`, so
 * that each error belongs to one place.
 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Checks the structure of nodes against one schema. */
export interface StructureCheck {
  /** Reports what does not fit; true when all fits. `where` names the node in messages, `at` is its place when it has none of its own. */
  (node: YamlNode, where: string, at: Span, report: (diagnostic: Diagnostic) => void): boolean;
}

const validators = new WeakMap<JsonSchema, ValidateFunction>();

function validatorOf(schema: JsonSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  // The schemas are ours, and a test validates them; doing so at every start would take a third of it.
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: true,
    strict: false,
    verbose: true,
    allowUnionTypes: true,
    logger: false,
    meta: false,
    validateSchema: false,
  });
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

/** Compiles a schema into a check. */
export function structureCheck(schema: JsonSchema, env: Environment): StructureCheck {
  const validate = validatorOf(schema);
  return (node, where, at, report) => {
    // Coercion works on properties only, so a scalar is checked inside a wrapper by its plain value.
    const data = toPlain(node, env);
    if (validate(data)) return true;
    const errors = validate.errors ?? [];
    for (const error of errors) {
      if (isMisspelt(error, errors)) continue;
      const diagnostic = toDiagnostic(error, node, where, at, env);
      if (diagnostic !== null) report(diagnostic);
    }
    return false;
  };
}

/** A node as plain data, by the rules of YAML's core schema; numbers that lose digits stay text. */
export function toPlain(node: YamlNode, env: Environment = {}): unknown {
  switch (node.kind) {
    case 'map':
      return Object.fromEntries(node.entries.map((entry) => [entry.key, toPlain(entry.value, env)]));
    case 'seq':
      return node.items.map((item) => toPlain(item, env));
    case 'scalar': {
      if (isNull(node)) return null;
      const text = hasVariables(node.text) ? (resolveVariables(node.text, env, node.span, () => undefined) ?? node.text) : node.text;
      if (node.style !== 'plain') return text;
      if (/^(true|True|TRUE)$/.test(text)) return true;
      if (/^(false|False|FALSE)$/.test(text)) return false;
      if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) && String(Number(text)) === text) return Number(text);
      return text;
    }
  }
}

/** A value that cannot be judged: its alias or variable was reported. */
function isUnknown(node: YamlNode, env: Environment): boolean {
  if (node.kind !== 'scalar') return false;
  return node.style === 'broken' || (hasVariables(node.text) && resolveVariables(node.text, env, node.span, () => undefined) === null);
}

interface Place {
  readonly node: YamlNode;
  /** The key that leads to the node, or the node itself in a list. */
  readonly span: Span;
  readonly where: string;
}

function locate(root: YamlNode, pointer: string, where: string, at: Span): Place {
  let place: Place = { node: root, span: at, where };
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const { node } = place;
    if (node.kind === 'map') {
      const entry = node.entries.find((candidate) => candidate.key === key);
      if (entry === undefined) return place;
      place = { node: entry.value, span: entry.keySpan, where: quote(key) };
    } else if (node.kind === 'seq') {
      const item = node.items[Number(key)];
      place = { node: item, span: item.span, where: `item ${Number(key) + 1} of ${place.where}` };
    }
  }
  return place;
}

/** A key is missing because it is misspelt, which another error says. */
function isMisspelt(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'required') return false;
  const { missingProperty } = error.params as { missingProperty: string };
  return errors.some((other) => {
    if (other.keyword !== 'additionalProperties' || other.instancePath !== error.instancePath) return false;
    return closest((other.params as { additionalProperty: string }).additionalProperty, [missingProperty]) !== null;
  });
}

function toDiagnostic(error: ErrorObject, root: YamlNode, where: string, at: Span, env: Environment): Diagnostic | null {
  const place = locate(root, error.instancePath, where, at);
  if (isUnknown(place.node, env)) return null;
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  const name = typeof schema.title === 'string' ? schema.title : place.where;
  const expected = typeof schema['x-expected'] === 'string' ? schema['x-expected'] : null;
  // A value that is no map or list is pointed at itself; these are shown by the key that leads there.
  const span = place.node.kind === 'scalar' && !isNull(place.node) ? place.node.span : place.span;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys(schema.properties ?? {});
      const entry = place.node.kind === 'map' ? place.node.entries.find((candidate) => candidate.key === key) : undefined;
      return yamlMessages.unknownKey(entry?.keySpan ?? span, key, known, name);
    }
    case 'required':
      return yamlMessages.missingKey(span, String(params.missingProperty), name);
    case 'type':
      return yamlMessages.wrongShape(span, place.where, expected ?? shapes(schema.type), found(place.node));
    case 'enum':
      return yamlMessages.notAllowed(span, place.where, found(place.node), (schema.enum as unknown[]).map(String));
    case 'minProperties':
    case 'minItems':
      return yamlMessages.badValue(span, place.where, expected ?? 'filled: it is empty');
    case 'minLength':
      return yamlMessages.badValue(span, place.where, expected ?? 'a text that is not empty');
    case 'propertyNames':
      return null;
    default:
      return yamlMessages.badValue(span, place.where, expected ?? `different: it ${error.message ?? 'does not fit'}`);
  }
}

function found(node: YamlNode): string {
  const text = textOf(node);
  return text === null ? describe(node) : shorten(text, 30);
}

const SHAPES: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a map',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

function shapes(type: unknown): string {
  const types = (Array.isArray(type) ? type : [type]).map(String);
  return listing(types.map((name) => SHAPES[name] ?? name));
}
