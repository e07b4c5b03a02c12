/** The OpenAPI 3.1 page, printed from the endpoint values: what is documented is what is mounted. */
import { z } from 'zod';
import {
  account,
  buckets,
  collect,
  desk,
  display,
  duties,
  type Endpoint,
  filing,
  gate,
  govern,
  imports,
  keeping,
  people,
  permissions,
  places,
  refusals,
  storage,
  uses,
} from '../contract/index.ts';

/** Every endpoint value of the contract, by its name in there. */
export function contractEndpoints(): Map<string, Endpoint> {
  const found = new Map<string, Endpoint>();
  for (const [area, values] of Object.entries({
    gate,
    collect,
    display,
    duties,
    govern,
    imports,
    filing,
    desk,
    keeping,
    places,
    storage,
    buckets,
    people,
    permissions,
    account,
    uses,
  })) {
    for (const [name, value] of Object.entries(values)) {
      if (isEndpoint(value)) found.set(`${area}.${name}`, value);
    }
  }
  return found;
}

function isEndpoint(value: unknown): value is Endpoint {
  return (
    typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'says' in value
  );
}

const shape = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return rest;
};

export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, endpoint] of contractEndpoints()) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][endpoint.method.toLowerCase()] = operation(name, endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Custos',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'custos_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

function operation(name: string, endpoint: Endpoint): Record<string, unknown> {
  const { params, query, body } = endpoint;
  return {
    operationId: name,
    summary: endpoint.says,
    tags: [name.split('.')[0]],
    'x-action': endpoint.action,
    'x-ledger': endpoint.ledger,
    security: endpoint.action === 'open' ? [] : [{ session: [] }, { token: [] }],
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query')],
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: shape(body, 'input') } } } }
      : {}),
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: shape(endpoint.reply, 'output') } },
      },
      default: {
        description: 'Refused or failed.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): Record<string, unknown>[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = shape(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: one,
  }));
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'values', 'because'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(refusals) },
    values: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    because: {
      type: 'array',
      items: {
        type: 'object',
        required: ['clause'],
        properties: {
          clause: { type: 'string' },
          instrument: { type: 'string' },
          article: { type: 'string' },
        },
      },
    },
  },
};
