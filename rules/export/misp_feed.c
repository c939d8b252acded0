/* MISP events: one or several in a file, or a feed, which is a folder with a file an event, the
 * digests of all values (hashes.csv) and, written last, what is there (manifest.json). */
#include <rules/export/misp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int sl_export_misp(struct sl_export *ex, struct sl_err *err)
{
	bool several = ex->packs->n > 1;
	int rc = 0;
	if (several)
		fputs("{\"response\":[\n", ex->out);
	for (size_t i = 0; i < ex->packs->n && rc == 0; i++) {
		if (i)
			fputs(",\n", ex->out);
		rc = sl_export_misp_event(ex->out, NULL, &ex->packs->pack[i]);
	}
	fputs(several ? "\n]}\n" : "\n", ex->out);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, "out of memory") : SL_OK;
}

static int folder_file_open(struct sl_replace *f, const char *folder, const char *name,
			    const char *ending, struct sl_err *err)
{
	char *path;
	if (asprintf(&path, "%s/%s%s", folder, name, ending) < 0)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", folder);
	int rc = sl_replace_begin(f, path, err);
	free(path);
	return rc;
}

/* The event's file; its head goes to the manifest. */
static int event_add(const struct sl_pack *pack, const char *folder, FILE *hashes, json_t *manifest,
		     struct sl_err *err)
{
	struct sl_replace file;
	json_t *head = sl_export_misp_head(pack);
	const char *uuid = json_string_value(json_object_get(head, "uuid"));
	if (!uuid) {
		json_decref(head);
		return sl_fail(err, SL_ENOMEM, "out of memory");
	}
	int rc = folder_file_open(&file, folder, uuid, ".json", err);
	if (rc == SL_OK) {
		int written = sl_export_misp_event(file.out, hashes, pack);
		if (written == 0)
			fputc('\n', file.out);
		rc = sl_replace_end(&file, written == 0, err);
		if (written < 0)
			rc = sl_fail(err, SL_ENOMEM, "out of memory");
	}
	if (rc == SL_OK && json_object_set(manifest, uuid, head) < 0)
		rc = sl_fail(err, SL_ENOMEM, "out of memory");
	json_object_del(head, "uuid");
	json_decref(head);
	return rc;
}

static int manifest_write(const json_t *manifest, const char *folder, struct sl_err *err)
{
	struct sl_replace file;
	int rc = folder_file_open(&file, folder, "manifest", ".json", err);
	if (rc < 0)
		return rc;
	bool ok = json_dumpf(manifest, file.out, JSON_INDENT(1) | JSON_SORT_KEYS) == 0;
	fputc('\n', file.out);
	rc = sl_replace_end(&file, ok, err);
	return ok ? rc : sl_fail(err, SL_ENOMEM, "out of memory");
}

int sl_export_misp_feed(struct sl_export *ex, const char *folder, struct sl_err *err)
{
	struct sl_replace hashes;
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return sl_fail(err, SL_EFAIL, "%s: cannot make the folder: %s", folder,
			       strerror(errno));
	int rc = folder_file_open(&hashes, folder, "hashes", ".csv", err);
	if (rc < 0)
		return rc;
	json_t *manifest = json_object();
	for (size_t i = 0; i < ex->packs->n && rc == SL_OK; i++)
		rc = event_add(&ex->packs->pack[i], folder, hashes.out, manifest, err);
	int closed = sl_replace_end(&hashes, rc == SL_OK, rc == SL_OK ? err : NULL);
	rc = rc < 0 ? rc : closed;
	if (rc == SL_OK)
		rc = manifest_write(manifest, folder, err);
	json_decref(manifest);
	return rc;
}
