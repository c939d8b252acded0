/* Variables of addresses and ports: Suricata's defaults, a suricata.yaml's, those of the command
 * line; the later win. */
#include <rules/import/suricata.h>
#include <rules/packfile.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const addresses[][2] = {
	{ "HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]" },
	{ "EXTERNAL_NET", "!$HOME_NET" },
	{ "HTTP_SERVERS", "$HOME_NET" },
	{ "SMTP_SERVERS", "$HOME_NET" },
	{ "SQL_SERVERS", "$HOME_NET" },
	{ "DNS_SERVERS", "$HOME_NET" },
	{ "TELNET_SERVERS", "$HOME_NET" },
	{ "AIM_SERVERS", "$EXTERNAL_NET" },
	{ "DC_SERVERS", "$HOME_NET" },
	{ "DNP3_SERVER", "$HOME_NET" },
	{ "DNP3_CLIENT", "$HOME_NET" },
	{ "MODBUS_CLIENT", "$HOME_NET" },
	{ "MODBUS_SERVER", "$HOME_NET" },
	{ "ENIP_CLIENT", "$HOME_NET" },
	{ "ENIP_SERVER", "$HOME_NET" },
};

static const char *const ports[][2] = {
	{ "HTTP_PORTS", "80" },     { "SHELLCODE_PORTS", "!80" },
	{ "ORACLE_PORTS", "1521" }, { "SSH_PORTS", "22" },
	{ "DNP3_PORTS", "20000" },  { "MODBUS_PORTS", "502" },
	{ "FTP_PORTS", "21" },      { "FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]" },
	{ "GENEVE_PORTS", "6081" }, { "VXLAN_PORTS", "4789" },
	{ "TEREDO_PORTS", "3544" }, { "SIP_PORTS", "[5060,5061]" },
};

static bool defaults_set(json_t *into, const char *const (*rows)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_object_set_new(into, rows[i][0], json_string(rows[i][1])) < 0)
			return false;
	return true;
}

/* Scalars are text or whole numbers. */
static void group_take(json_t *into, const json_t *group)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)group, key, value)
	{
		char number[24];
		if (json_is_integer(value)) {
			snprintf(number, sizeof number, "%lld",
				 (long long)json_integer_value(value));
			json_object_set_new(into, key, json_string(number));
		} else if (json_is_string(value)) {
			json_object_set(into, key, value);
		}
	}
}

static int yaml_take(struct suri_vars *vars, const char *path, struct sl_err *err)
{
	char *text;
	size_t len;
	int rc = sl_import_load(path, &text, &len, err);
	if (rc < 0)
		return rc;
	struct sl_problems problems = { 0 };
	json_t *root = sl_yaml_read(path, sl_span_of(text, len), &problems);
	free(text);
	if (!root) {
		sl_problems_print(&problems, stderr);
		sl_problems_fini(&problems);
		return sl_fail(err, SL_EFAIL, "%s: is no suricata.yaml", path);
	}
	sl_problems_fini(&problems);
	const json_t *groups = json_object_get(root, "vars");
	group_take(vars->address, json_object_get(groups, "address-groups"));
	group_take(vars->port, json_object_get(groups, "port-groups"));
	json_decref(root);
	return SL_OK;
}

/* "HOME_NET=192.0.2.0/24": an address's variable unless a port's has the name already. */
static int one_take(struct suri_vars *vars, const char *text, struct sl_err *err)
{
	const char *equals = strchr(text, '=');
	if (!equals || equals == text || !equals[1])
		return sl_fail(err, SL_EUSAGE, "--var: \"%s\" is not NAME=VALUE", text);
	char *name = strndup(text, (size_t)(equals - text));
	if (!name)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	bool port = json_object_get(vars->port, name) || strstr(name, "PORT");
	int failed = json_object_set_new(port ? vars->port : vars->address, name,
					 json_string(equals + 1));
	free(name);
	return failed ? sl_fail(err, SL_EUSAGE, "--var: \"%s\" must be UTF-8", text) : SL_OK;
}

int suri_vars_init(struct suri_vars *vars, const struct sl_import_options *options,
		   struct sl_err *err)
{
	*vars = (struct suri_vars){ json_object(), json_object(), json_object() };
	if (!vars->address || !vars->port || !vars->sets ||
	    !defaults_set(vars->address, addresses, sizeof addresses / sizeof addresses[0]) ||
	    !defaults_set(vars->port, ports, sizeof ports / sizeof ports[0]))
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = options->yaml ? yaml_take(vars, options->yaml, err) : SL_OK;
	for (size_t i = 0; i < options->variables.n && rc == SL_OK; i++)
		rc = one_take(vars, options->variables.item[i], err);
	return rc;
}

void suri_vars_fini(struct suri_vars *vars)
{
	json_decref(vars->address);
	json_decref(vars->port);
	json_decref(vars->sets);
	*vars = (struct suri_vars){ 0 };
}
