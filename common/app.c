/* Names of protocols. Any thread. */
#include <selat/app.h>
#include <stddef.h>

const char *sl_app_text(enum sl_app app)
{
	static const char *const names[SL_APP_COUNT] = {
#define X(id, name) [SL_APP_##id] = name,
		SL_APPS(X)
#undef X
	};
	return app < SL_APP_COUNT ? names[app] : NULL;
}
