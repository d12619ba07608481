/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TAP 14: results, YAML blocks of failures, the plan at the end. Log lines and verdict are printed
 * elsewhere.
 */
#include "tap.h"

void tap_text(struct suite_env *env, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    env->ops->print(env, format, args);
    va_end(args);
}

void tap_begin(struct tap *tap, struct suite_env *env)
{
    *tap = (struct tap){ .env = env };
    tap_text(env, "TAP version 14\n");
}

static void yaml_line(struct suite_env *env, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        tap_text(env, "  %s: %s\n", key, value);
}

void tap_print(struct tap *tap, const struct tap_result *result)
{
    struct suite_env *env = tap->env;

    tap->count++;
    if (result->skip != NULL && result->skip[0] != '\0') {
        tap_text(env, "ok %u - %s # SKIP %s\n", tap->count, result->name, result->skip);
        return;
    }
    if (result->ok) {
        tap_text(env, "ok %u - %s # time=%lluus\n", tap->count, result->name,
                 (unsigned long long)result->time_us);
        return;
    }
    tap_text(env, "not ok %u - %s\n  ---\n", tap->count, result->name);
    yaml_line(env, "expected", result->expected);
    yaml_line(env, "seen", result->seen);
    yaml_line(env, "cite", result->cite);
    tap_text(env, "  ...\n");
}

void tap_end(struct tap *tap)
{
    tap_text(tap->env, "1..%u\n", tap->count);
}
