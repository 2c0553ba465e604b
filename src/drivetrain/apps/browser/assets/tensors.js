/** Tensors out of a safetensors file: a length, that many bytes of JSON, then the numbers. */

const READERS = {
  F16: (view, at) => halfToNumber(view.getUint16(at, true)),
  F32: (view, at) => view.getFloat32(at, true),
  F64: (view, at) => view.getFloat64(at, true),
};
const BYTES = { F16: 2, F32: 4, F64: 8 };

/** For each name, its numbers: a Float32Array, or one a row where the tensor has rows. */
export function readTensors(buffer) {
  const view = new DataView(buffer);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)));
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(tensors.map(([name, { dtype, shape, data_offsets: [from] }]) => {
    const count = shape.reduce((one, other) => one * other, 1);
    const numbers = Float32Array.from({ length: count }, (_, place) => READERS[dtype](view, start + from + place * BYTES[dtype]));
    if (shape.length < 2) return [name, numbers];
    const [rows, columns] = shape;
    return [name, Array.from({ length: rows }, (_, row) => numbers.subarray(row * columns, (row + 1) * columns))];
  }));
}

function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
