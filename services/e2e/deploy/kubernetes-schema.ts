import * as apps from 'kubernetes-models/apps/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import type { Mapping } from './files.js';

const CLASSES: Readonly<Record<string, { readonly prototype: { validate(): void } }>> = {
  'apps/v1 Deployment': apps.Deployment,
  'apps/v1 StatefulSet': apps.StatefulSet,
  'networking.k8s.io/v1 NetworkPolicy': networking.NetworkPolicy,
  'policy/v1 PodDisruptionBudget': policy.PodDisruptionBudget,
  'v1 ConfigMap': core.ConfigMap,
  'v1 Namespace': core.Namespace,
  'v1 Service': core.Service,
  'v1 ServiceAccount': core.ServiceAccount,
};

/**
 * Checks an object against the schema of its kind. The models let unknown fields pass, as an API server with warnings does; here they are
 * found as those that the validator never looked at.
 * @throws Error with what is wrong
 */
export function validate(object: Mapping): void {
  const kind = `${object.apiVersion} ${object.kind}`;
  const model = CLASSES[kind];
  if (!model) throw new Error(`${kind} has no schema here`);
  const seen = new Set<string>();
  model.prototype.validate.call(watched(object, '', seen));
  const unknown = routes(object, '').filter((route) => !seen.has(route));
  if (unknown.length > 0) throw new Error(`${kind}: ${unknown.join(', ')} is not known`);
}

function watched<T extends object>(target: T, route: string, seen: Set<string>): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (typeof key !== 'string') return value;
      const here = `${route}/${key}`;
      seen.add(here);
      return typeof value === 'object' && value !== null ? watched(value, here, seen) : value;
    },
  });
}

/** Every field there is, by its path; where the schema does not look deeper (`anything goes`), the path before counts. */
function routes(node: unknown, route: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [`${route}/${key}`, ...routes(value, `${route}/${key}`)]);
}
