// Writes ONNX models: just enough of the protobuf format for a graph of a few nodes with float initialisers.
const varint = value => {
    const bytes = [];
    for (let rest = BigInt(value); ; rest >>= 7n) {
        if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
        bytes.push(Number(rest & 127n) | 128);
    }
};
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field, value) => bytes(field, Buffer.from(value));
const single = (field, value) => {
    const buffer = Buffer.alloc(4);
    buffer.writeFloatLE(value);
    return Buffer.concat([varint((field << 3) | 5), buffer]);
};

const FLOAT = 1, INT64 = 7;

/** A constant tensor; data is a Float32Array or a BigInt64Array. */
export const initializer = (name, dims, data) => Buffer.concat([
    ...dims.map(dim => number(1, dim)),
    number(2, data instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
]);

const attribute = (name, value) => Buffer.concat([
    text(1, name),
    ...(typeof value === 'string' ? [bytes(4, Buffer.from(value)), number(20, 3)]
        : Number.isInteger(value) ? [number(3, value), number(20, 2)]
        : [single(2, value.float), number(20, 1)]),
]);

/** A node; attributes are strings, integers, or { float: … }. */
export const node = (operator, inputs, outputs, attributes = {}, domain = '') => Buffer.concat([
    ...inputs.map(input => text(1, input)),
    ...outputs.map(output => text(2, output)),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
    text(7, domain),
]);

const valueInfo = (name, type, dims) => {
    const shape = Buffer.concat(dims.map(dim => bytes(1, typeof dim === 'string' ? text(2, dim) : number(1, dim))));
    return Buffer.concat([text(1, name), bytes(2, bytes(1, Buffer.concat([number(1, type), bytes(2, shape)])))]);
};

/** A model; inputs are [name, dims] of floats, outputs [name, dims, isInteger]. */
export const model = (nodes, initializers, inputs, outputs) => {
    const graph = Buffer.concat([
        ...nodes.map(item => bytes(1, item)),
        text(2, 'peer'),
        ...initializers.map(item => bytes(5, item)),
        ...inputs.map(([name, dims]) => bytes(11, valueInfo(name, FLOAT, dims))),
        ...outputs.map(([name, dims, isInteger]) => bytes(12, valueInfo(name, isInteger ? INT64 : FLOAT, dims))),
    ]);
    const opset = (domain, version) => bytes(8, Buffer.concat([text(1, domain), number(2, version)]));
    return Buffer.concat([number(1, 8), bytes(7, graph), opset('', 17), opset('com.microsoft', 1)]);
};
