// Shared by a BPF object and an ordinary program: what they make of it must be the same.
#include <linux/types.h>

enum colour { RED = 1, GREEN = 2, BLUE = -3 };

struct point {
	__u16 x;
	__s64 y;
};

typedef struct {
	__u8 first;
	union {
		__u32 word;
		__u16 halves[2];
	};
} named;

struct everything {
	__u8 byte;
	__s16 small;
	__u32 word;
	__s32 negative;
	__u64 big;
	char text[13];
	unsigned char address[16];
	__u32 numbers[3];
	struct point one;
	struct point many[2];
	enum colour colour;
	named inner;
	const volatile __u64 last;
};
