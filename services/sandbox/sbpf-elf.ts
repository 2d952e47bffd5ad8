/**
 * A very small assembler for Solana's sBPF version 0: instructions, and the smallest ELF file the loader accepts (a
 * `.text` section and the section names; no relocations, so no calls).
 *
 * Instruction layout: https://github.com/anza-xyz/sbpf/blob/main/doc/bytecode.md
 */

export const R0 = 0;
export const R1 = 1;
export const R2 = 2;
export const R3 = 3;

const INSTRUCTION_BYTES = 8;

function instruction(opcode: number, dst: number, src: number, offset: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(INSTRUCTION_BYTES);
  bytes.writeUInt8(opcode, 0);
  bytes.writeUInt8(dst | (src << 4), 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

/** dst = the 64 bits at src + offset */
export const load64 = (dst: number, src: number, offset: number) => instruction(0x79, dst, src, offset, 0);
/** dst = immediate */
export const move = (dst: number, immediate: number) => instruction(0xb7, dst, 0, 0, immediate);
/** Jumps over `skip` instructions if dst > src, unsigned. */
export const jumpIfGreater = (dst: number, src: number, skip: number) => instruction(0x2d, dst, src, skip, 0);
/** Jumps over `skip` instructions if dst >= src, unsigned. */
export const jumpIfGreaterOrEqual = (dst: number, src: number, skip: number) => instruction(0x3d, dst, src, skip, 0);
/** Jumps over `skip` instructions if dst < src, unsigned. */
export const jumpIfLess = (dst: number, src: number, skip: number) => instruction(0xad, dst, src, skip, 0);
/** Ends the program; r0 is the result, 0 for success. */
export const exit = () => instruction(0x95, 0, 0, 0, 0);

const ELF_HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const ET_DYN = 3;
const EM_BPF = 247;
const SHT_PROGBITS = 1;
const SHT_STRTAB = 3;
const SHF_ALLOC_EXECUTE = 0x6;

/** Wraps instructions into a shared object whose entry point is the first instruction. */
export function elfOf(instructions: readonly Buffer[]): Buffer {
  const text = Buffer.concat(instructions);
  const names = Buffer.from('\0.text\0.shstrtab\0', 'ascii');
  const namesAt = ELF_HEADER_BYTES + text.length;
  const sectionsAt = Math.ceil((namesAt + names.length) / 8) * 8;
  const file = Buffer.alloc(sectionsAt + 3 * SECTION_HEADER_BYTES);

  file.set([0x7f, 0x45, 0x4c, 0x46, /* 64 bit */ 2, /* little endian */ 1, /* version */ 1]);
  file.writeUInt16LE(ET_DYN, 16);
  file.writeUInt16LE(EM_BPF, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 24); // entry point
  file.writeBigUInt64LE(BigInt(sectionsAt), 40);
  file.writeUInt16LE(ELF_HEADER_BYTES, 52);
  file.writeUInt16LE(56, 54); // size of a program header; there are none
  file.writeUInt16LE(SECTION_HEADER_BYTES, 58);
  file.writeUInt16LE(3, 60); // sections, the obligatory null section first
  file.writeUInt16LE(2, 62); // which one holds the names
  file.set(text, ELF_HEADER_BYTES);
  file.set(names, namesAt);

  const section = (index: number, name: number, type: number, flags: number, address: number, size: number) => {
    const at = sectionsAt + index * SECTION_HEADER_BYTES;
    file.writeUInt32LE(name, at);
    file.writeUInt32LE(type, at + 4);
    file.writeBigUInt64LE(BigInt(flags), at + 8);
    file.writeBigUInt64LE(BigInt(flags === 0 ? 0 : address), at + 16);
    file.writeBigUInt64LE(BigInt(address), at + 24);
    file.writeBigUInt64LE(BigInt(size), at + 32);
    file.writeBigUInt64LE(1n, at + 48);
  };
  section(1, 1, SHT_PROGBITS, SHF_ALLOC_EXECUTE, ELF_HEADER_BYTES, text.length);
  section(2, 7, SHT_STRTAB, 0, namesAt, names.length);
  return file;
}
