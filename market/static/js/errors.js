// Errors of the verifier. `code` is a stable slug, `message` one English sentence: what is wrong, where.

/** The bytes do not have the shape that their format prescribes. */
export class Malformed extends Error {}

/** Well-formed, but a signature, hash or proof does not hold. */
export class Unverified extends Error {}
