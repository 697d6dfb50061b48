/* In place of yaml.c where the server was built without libyaml. */
#include "conf/private.h"

int
bask_conf_yaml(struct bask_conf_reading *reading, bask_str text)
{
    (void)text;
    return bask_conf_bad_line(reading, 1,
                              "this server was built without libyaml and reads no YAML");
}
