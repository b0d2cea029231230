// Reads every key of a model definition, with its type, default and meaning, from the schema.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { z } from 'zod';
import { modelDefinitionSchema } from '../domain/model/definition.ts';

/** A node of JSON Schema, with only the keywords that the reference needs. */
interface Node {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly additionalProperties?: Node | false;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** One key of a definition: one row of the reference. */
export interface DefinitionKey {
  /** Path of the key: `promotion.expiresAfter`, or `features[].columns.<name>(numeric).min`. */
  readonly path: string;
  readonly type: string;
  /** The default as a model file would write it; undefined if there is none. */
  readonly default: string | undefined;
  readonly required: boolean;
  /** The doc comment of the key in the schema. */
  readonly meaning: string;
}

const SCHEMA_FILE = fileURLToPath(new URL('../domain/model/definition.ts', import.meta.url));

/** Returns every key of a definition, in the order of the schema. */
export function definitionKeys(): DefinitionKey[] {
  const schema = z.toJSONSchema(modelDefinitionSchema, { io: 'input', unrepresentable: 'any' }) as Node;
  const { checker, type } = inputType();
  return new KeyReader(checker).read(schema, type, '');
}

/** The type `ModelInput`, with the type checker that provides its doc comments. */
function inputType(): { checker: ts.TypeChecker; type: ts.Type } {
  const program = ts.createProgram([SCHEMA_FILE], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(SCHEMA_FILE);
  const alias = file?.statements.find(
    (statement) => ts.isTypeAliasDeclaration(statement) && statement.name.text === 'ModelInput',
  );
  if (alias === undefined) throw new Error(`${SCHEMA_FILE} no longer declares ModelInput`);
  return { checker, type: checker.getTypeAtLocation(alias) };
}

class KeyReader {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** Returns the keys inside a value, each followed by the keys inside it. */
  read(node: Node, type: ts.Type | undefined, at: string): DefinitionKey[] {
    if (node.properties) return this.#members(node, node.properties, type, at);
    if (node.items) return this.read(node.items, this.#indexed(type, ts.IndexKind.Number), `${at}[]`);
    if (typeof node.additionalProperties === 'object') {
      const value = this.#indexed(type, ts.IndexKind.String);
      return this.read(node.additionalProperties, value, `${at}.<name>`);
    }
    const choices = node.anyOf ?? node.oneOf ?? [];
    const keys = choices.flatMap((choice) => this.#choice(choice, type, at));
    // A key of one choice among several is never required, because another choice can be used instead.
    const optional = node.anyOf !== undefined && choices.filter(({ properties }) => properties).length > 1;
    return optional ? keys.map((key) => ({ ...key, required: false })) : keys;
  }

  #members(
    node: Node,
    properties: Readonly<Record<string, Node>>,
    type: ts.Type | undefined,
    at: string,
  ): DefinitionKey[] {
    return Object.entries(properties).flatMap(([name, value]) => {
      const property = type && this.#property(type, name, node);
      const path = at === '' ? name : `${at}.${name}`;
      const key: DefinitionKey = {
        path,
        type: typeName(value),
        default: value.default === undefined ? undefined : literal(value.default),
        required: node.required?.includes(name) ?? false,
        meaning: property?.meaning ?? '',
      };
      return [key, ...this.read(value, property?.type, path)];
    });
  }

  /** Reads one choice of a union; its path contains the discriminator: `features[].columns.<name>(numeric)`. */
  #choice(choice: Node, type: ts.Type | undefined, at: string): DefinitionKey[] {
    const kind = choice.properties?.['type']?.const ?? choice.properties?.['operator']?.const;
    return this.read(choice, type, typeof kind === 'string' ? `${at}(${kind})` : at);
  }

  /** Finds a property in the choice of a union type that has the same keys as the schema node. */
  #property(type: ts.Type, name: string, node: Node): { meaning: string; type: ts.Type } | undefined {
    const wanted = Object.keys(node.properties ?? {});
    const discriminator = ['type', 'operator'].find((key) => node.properties?.[key]?.const !== undefined);
    const choices = (type.isUnion() ? type.types : [type]).filter(
      (choice) =>
        wanted.every((key) => choice.getProperty(key) !== undefined) &&
        (discriminator === undefined ||
          this.#literalOf(choice, discriminator) === node.properties?.[discriminator]?.const),
    );
    const symbol = choices[0]?.getProperty(name);
    if (symbol === undefined) return undefined;
    const meaning = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker));
    const stated = symbol
      .getJsDocTags(this.#checker)
      .filter((tag) => tag.name === 'default')
      .map((tag) => `Default: ${ts.displayPartsToString(tag.text)}.`);
    return {
      meaning: [meaning.replace(/\s+/g, ' ').trim(), ...stated].join(' ').trim(),
      type: this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(symbol)),
    };
  }

  #literalOf(type: ts.Type, key: string): unknown {
    const symbol = type.getProperty(key);
    const value = symbol && this.#checker.getTypeOfSymbol(symbol);
    return value?.isStringLiteral() ? value.value : undefined;
  }

  #indexed(type: ts.Type | undefined, kind: ts.IndexKind): ts.Type | undefined {
    const choices = type?.isUnion() ? type.types : [type];
    for (const choice of choices) {
      const found = choice && this.#checker.getIndexTypeOfType(choice, kind);
      if (found) return found;
    }
    return undefined;
  }
}

function typeName(node: Node): string {
  if (node.const !== undefined) return literal(node.const);
  if (node.enum) return node.enum.map(literal).join(' \\| ');
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return [...new Set(choices.map(typeName))].join(' \\| ');
  if (node.prefixItems) return `[${node.prefixItems.map(typeName).join(', ')}]`;
  if (node.items) return `${wrapped(typeName(node.items))}[]`;
  if (node.properties ?? node.additionalProperties) return 'object';
  const types = [node.type ?? 'any'].flat().join(' \\| ');
  return [types, range(node)].filter(Boolean).join(' ');
}

const wrapped = (type: string): string => (type.includes(' ') ? `(${type})` : type);

const MAX_SHOWN = 1e15;

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Node): string {
  const shown = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < MAX_SHOWN;
  return [
    shown(minimum) ? `≥ ${minimum}` : '',
    shown(exclusiveMinimum) ? `> ${exclusiveMinimum}` : '',
    shown(maximum) ? `≤ ${maximum}` : '',
    shown(exclusiveMaximum) ? `< ${exclusiveMaximum}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return JSON.stringify(value);
}
