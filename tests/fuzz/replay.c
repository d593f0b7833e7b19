/* Run a target over files, without a fuzzer: replay FILE...  Each is named before it is tried. */
#include "fuzz.h"

int
main(int argc, char **argv)
{
	static char bytes[1 << 20];
	int i;

	for (i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t length;

		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		length = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
	}
	return argc > 1 ? 0 : 1;
}
