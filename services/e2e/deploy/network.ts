import { at, list, type Mapping, type Node } from './files.js';
import { ofKind, selects } from './kustomize.js';

/** A pod as network policies see it. */
export interface Pod {
  readonly labels: Mapping;
  /** Labels of its namespace; undefined: the namespace of the policies. */
  readonly elsewhere?: Mapping;
}

/** Whether policies let one pod open a connection to another: out of the one and into the other. */
export function reaches(objects: readonly Mapping[], from: Pod, to: Pod, port: number): boolean {
  return allowed(objects, 'Egress', from, to, port) && allowed(objects, 'Ingress', to, from, port);
}

function allowed(
  objects: readonly Mapping[],
  type: 'Egress' | 'Ingress',
  here: Pod,
  there: Pod,
  port: number,
): boolean {
  // Whoever lives in another namespace is under its policies.
  if (here.elsewhere !== undefined) return true;
  const policies = ofKind(objects, 'NetworkPolicy')
    .map(({ spec }) => spec)
    .filter((spec) => list(at(spec, 'policyTypes')).includes(type) && selects(at(spec, 'podSelector'), here.labels));
  if (policies.length === 0) return true;
  const rules = policies.flatMap((spec) => list(at(spec, type.toLowerCase())));
  return rules.some(
    (rule) => portFits(rule, port) && peerFits(list(at(rule, type === 'Egress' ? 'to' : 'from')), there),
  );
}

function portFits(rule: Node, port: number): boolean {
  const ports = list(at(rule, 'ports'));
  return ports.length === 0 || ports.some((each) => at(each, 'port') === port && at(each, 'protocol') !== 'UDP');
}

function peerFits(peers: readonly Node[], { labels, elsewhere }: Pod): boolean {
  if (peers.length === 0) return true;
  return peers.some((peer) => {
    const [namespaces, pods] = [at(peer, 'namespaceSelector'), at(peer, 'podSelector')];
    const rightPlace = namespaces === undefined ? elsewhere === undefined : selects(namespaces, elsewhere ?? {});
    return rightPlace && (pods === undefined || selects(pods, labels));
  });
}
