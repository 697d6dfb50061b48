/* In place of xml.c where the server was built without expat. */
#include "conf/private.h"

int
bask_conf_xml(struct bask_conf_reading *reading, bask_str text)
{
    (void)text;
    return bask_conf_bad_line(reading, 1, "this server was built without expat and reads no XML");
}
