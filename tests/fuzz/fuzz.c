/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer's door: the target is named by the program's own name, fuzz_NAME. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct fuzz_target *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = strrchr((*argv)[0], '_');

    (void)argc;
    for (size_t i = 0; name != NULL && i < fuzz_target_count; i++)
        if (strcmp(fuzz_targets[i].name, name + 1) == 0)
            chosen = &fuzz_targets[i];
    if (chosen == NULL) {
        fprintf(stderr, "fuzz: %s names no target; they are:", (*argv)[0]);
        for (size_t i = 0; i < fuzz_target_count; i++)
            fprintf(stderr, " fuzz_%s", fuzz_targets[i].name);
        fprintf(stderr, "\n");
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    chosen->run(data, len < FUZZ_BYTES_MAX ? len : FUZZ_BYTES_MAX);
    return 0;
}
