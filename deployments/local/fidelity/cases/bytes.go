package cases

import "encoding/binary"

// b16 and b32 write numbers big endian, l16 and l32 little endian.
func b16(numbers ...int) []byte { return write(binary.BigEndian, 2, numbers) }
func b32(numbers ...int) []byte { return write(binary.BigEndian, 4, numbers) }
func l16(numbers ...int) []byte { return write(binary.LittleEndian, 2, numbers) }
func l32(numbers ...int) []byte { return write(binary.LittleEndian, 4, numbers) }

func write(order binary.AppendByteOrder, size int, numbers []int) []byte {
	var b []byte
	for _, n := range numbers {
		if size == 2 {
			b = order.AppendUint16(b, uint16(n))
		} else {
			b = order.AppendUint32(b, uint32(n))
		}
	}
	return b
}

// pack joins numbers with a number of bits each, the first in the highest bits. Each row
// starts at a byte boundary.
func pack(depth int, numbers []int) []byte {
	if depth == 16 {
		return b16(numbers...)
	}
	packed := make([]byte, (len(numbers)*depth+7)/8)
	for i, n := range numbers {
		at := i * depth
		packed[at/8] |= byte(n << (8 - depth - at%8))
	}
	return packed
}

// deeper scales a number of 8 bits to another depth, rounding.
func deeper(v uint8, depth int) int {
	maxValue := 1<<depth - 1
	return (int(v)*maxValue + 127) / 255
}
