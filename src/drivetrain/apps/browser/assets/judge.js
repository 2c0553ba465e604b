/** From what the network says to an answer: probabilities, verdict and decision. */

const ASK = "ask a person";

/** The answer for one photo, as the server's `POST /v1/predict` gives it. */
export function judge(logits, embedding, { vocab, calibration, domain, decision }) {
  const shares = probabilitiesOf(logits, calibration);
  const score = domain && scoreOf(embedding, domain);
  const inDomain = domain && score <= 1;
  return {
    label: vocab[positionOfSmallest(shares.map((share) => -share))],
    probabilities: Object.fromEntries(vocab.map((name, place) => [name, shares[place]])),
    in_domain: inDomain,
    domain_score: score,
    decision: decision && decide(shares, inDomain, decision),
  };
}

function probabilitiesOf(logits, { factor, shift }) {
  const of = (part, place) => part[part.length === 1 ? 0 : place];
  const moved = Array.from(logits, (logit, place) => logit * of(factor, place) + of(shift, place));
  const highest = Math.max(...moved);
  const powers = moved.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((one, other) => one + other, 0);
  return powers.map((power) => power / sum);
}

/** An in-domain test with what every photo needs worked out once: the clouds along their axes. */
export function domainTest({ centres, axes, variances, rest, border }) {
  const clouds = centres.map((centre) => ({
    centre,
    length: dot(centre, centre),
    along: axes.map((axis) => dot(centre, axis)),
  }));
  const weights = Array.from(variances, (variance) => 1 / rest - 1 / variance);
  return { clouds, axes, weights, rest, border };
}

/** The squared Mahalanobis distance to the nearest cloud; 1 is the border. */
function scoreOf(embedding, { clouds, axes, weights, rest, border }) {
  const length = Math.max(Math.sqrt(dot(embedding, embedding)), 1e-12);
  const direction = Float64Array.from(embedding, (value) => value / length);
  const squared = dot(direction, direction);
  const own = axes.map((axis) => dot(direction, axis));
  const far = clouds.map((cloud) => {
    const straight = squared + cloud.length - 2 * dot(direction, cloud.centre);
    const along = own.map((value, place) => (value - cloud.along[place]) ** 2);
    return straight / rest - dot(along, weights);
  });
  return Math.max(Math.min(...far), 0) / border;
}

function decide(probabilities, inDomain, { actions, costs, ask }) {
  const expected = costs.map((row) => dot(probabilities, row));
  const cheapest = positionOfSmallest(expected);
  if (ask !== null && (inDomain === false || expected[cheapest] > ask)) return ASK;
  return actions[cheapest];
}

function dot(one, other) {
  let sum = 0;
  for (let place = 0; place < one.length; place++) sum += one[place] * other[place];
  return sum;
}

function positionOfSmallest(values) {
  return values.reduce((best, value, place) => (value < values[best] ? place : best), 0);
}
