/* test_render.c: what operators see: each command's events and result, as text and as JSON.
 *
 * The texts are compared whole: they are the interface. */
#include "ctl/output.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/screen.h"
#include "tests/unit/harness.h"

enum { MOST_COLUMNS = 80 };

struct shown {
	char *out, *err;
	size_t out_size, err_size;
	FILE *to_out, *to_err;
	struct output output;
};

static void shown_open(struct shown *shown, enum output_kind kind)
{
	shown->to_out = open_memstream(&shown->out, &shown->out_size);
	shown->to_err = open_memstream(&shown->err, &shown->err_size);
	output_init(&shown->output, kind, shown->to_out, shown->to_err);
}

static void shown_end(struct shown *shown)
{
	fclose(shown->to_out);
	fclose(shown->to_err);
}

static void shown_done(struct shown *shown)
{
	free(shown->out);
	free(shown->err);
}

/* An event or a result; text is JSON with ' for ". */
static void give(struct shown *shown, enum hs_command_id command, const char *text)
{
	char *quoted = strdup(text);
	json_t *object;

	for (char *at = quoted; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	object = json_loads(quoted, 0, NULL);
	free(quoted);
	if (!expect_true(text, object != NULL))
		return;
	if (json_is_string(json_object_get(object, "event")))
		shown->output.ops->event(&shown->output, command, object);
	else
		shown->output.ops->result(&shown->output, command, object);
	json_decref(object);
}

static void expect_no_escapes(const char *row, const char *text)
{
	for (; *text != '\0'; text++)
		expect_true(row, *text == '\n' || (unsigned char)*text >= 0x20);
}

static void expect_columns(const char *row, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (screen_width(line) > MOST_COLUMNS)
			expect_text(row, line, "at most 80 columns");
		free(line);
		text += length + (text[length] == '\n');
	}
}

#define NBA "{'file_id':1,'run_id':12,'name':'nba-2001-2009.json','status':'imported'," \
	"'stored_as':'nba-2001-2009.json','records':4500,'created':4400,'updated':60," \
	"'unchanged':30,'stale':10,'new_players':1023,'new_teams':34,'new_competitions':1," \
	"'new_seasons':9,'problem_total':0,'problems':[],'duplicate_of':null,'reason':null}"
#define SAME "{'name':'copy.json','status':'duplicate','stored_as':'copy.1.json'," \
	"'duplicate_of':{'file_id':1,'name':'nba-2001-2009.json'}}"
#define PROBLEM(n) "{'code':'unknown_field','pointer':'/records/" #n "/colour'," \
	"'line':2" #n ",'column':4,'message':'there is no field \\\"colour\\\"'}"
#define BAD "{'run_id':12,'name':'bad.json','status':'failed','stored_as':'bad.1.json'," \
	"'problem_total':120,'problems':[" PROBLEM(0) "," PROBLEM(1) "," PROBLEM(2) "," \
	PROBLEM(3) "," PROBLEM(4) "," PROBLEM(5) "],'reason':null}"
#define TOTALS "{'files':4,'imported':1,'duplicate':1,'failed':1,'waiting':1," \
	"'records':4600,'created':4400,'updated':60,'unchanged':30,'stale':10,'seconds':1.5}"
#define RUN "{'run_id':12,'trigger':'command','status':'done'," \
	"'started_at':'2026-11-25T02:43:20.123Z','finished_at':'2026-11-25T02:43:21.623Z'}"
#define WAITING "[{'file':'big.json','reason':'still growing','since_seconds':12," \
	"'next_try_seconds':3},{'file':'x.json','reason':'the database is away'," \
	"'since_seconds':700,'next_try_seconds':null}]"
#define DAILY "{'enabled':true,'schedule':'0 4 * * *','time_zone':'Europe/Berlin'," \
	"'next_run_at':'2026-11-26T04:00:12Z'}"

static const struct {
	const char *name;
	enum hs_command_id command;
	const char *given[6];
	const char *want;
} texts[] = {
	{ "import now", HS_CMD_IMPORT_NOW, {
	    "{'event':'progress','file':'nba-2001-2009.json','bytes':1,'total':2,"
	    "'records':3,'stage':'loading'}",
	    "{'event':'file','file':" NBA "}",
	    "{'event':'file','file':" SAME "}",
	    "{'event':'file','file':" BAD "}",
	    "{'event':'file','file':{'name':'big.json','status':'waiting',"
	    "'reason':'still growing'}}",
	    "{'run':" RUN ",'totals':" TOTALS "}" },
	    "          FILE                           RECORDS CREATED UPDATED    SAME   STALE\n"
	    "imported  nba-2001-2009.json               4,500   4,400      60      30      10\n"
	    "          new: 1,023 players, 34 teams, 1 competition, 9 seasons\n"
	    "duplicate copy.json                       nothing to do\n"
	    "          the same content as nba-2001-2009.json, imported before\n"
	    "          in archive as copy.1.json\n"
	    "failed    bad.json                        120 problems\n"
	    "  bad.json:20:4: /records/0/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:21:4: /records/1/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:22:4: /records/2/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:23:4: /records/3/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:24:4: /records/4/colour: there is no field \"colour\" (unknown_field)\n"
	    "  ... and 115 more, all in bad.1.json.errors.json beside it\n"
	    "  It lies in the failed folder as bad.1.json. Fix it there, then:\n"
	    "  hsctl import retry bad.1.json\n"
	    "waiting   big.json                        still growing\n"
	    "\n"
	    "4 files in 1.5 s: 1 imported, 1 duplicate, 1 failed, 1 waiting\n"
	    "4,500 records (3,000 rows/s)\n"
	    "  4,400 created, 60 updated, 30 unchanged, 10 stale\n"
	    "It was run 12: hsctl import show 12\n" },
	{ "nothing to import", HS_CMD_IMPORT_NOW, { "{'run':null,'totals':{'files':0}}" },
	    "There is nothing to import: no snapshot lies in incoming.\n" },
	{ "names that need care", HS_CMD_IMPORT_RETRY, {
	    "{'event':'file','file':{'name':'evil\\u001b]0;x\\u0007\\n.json','status':'failed',"
	    "'stored_as':'it\\u0027s evil.json','problem_total':1,'problems':[{'code':'empty_file',"
	    "'pointer':'','line':1,'column':1,'message':'the file is empty'}]}}",
	    "{'event':'file','file':{'name':'a-name-of-forty-characters-and-some-more.json',"
	    "'status':'imported','records':1200345,'created':1200345}}" },
	    "          FILE                           RECORDS CREATED UPDATED    SAME   STALE\n"
	    "failed    evil\\u001b]0;x\\u0007\\n.json     1 problem\n"
	    "  evil\\u001b]0;x\\u0007\\n.json:1:1: the file is empty (empty_file)\n"
	    "  It lies in the failed folder as it's evil.json. Fix it there, then:\n"
	    "  hsctl import retry 'it'\\''s evil.json'\n"
	    "imported  a-name-of-forty-characters-and-some-more.json\n"
	    "                                         1200345 1200345       0       0       0\n" },
	{ "import show", HS_CMD_IMPORT_SHOW, {
	    "{'event':'file','file':" BAD "}",
	    "{'run':" RUN ",'totals':{'files':1,'failed':1,'seconds':0.25}}" },
	    "          FILE                           RECORDS CREATED UPDATED    SAME   STALE\n"
	    "failed    bad.json                        120 problems\n"
	    "  bad.json:20:4: /records/0/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:21:4: /records/1/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:22:4: /records/2/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:23:4: /records/3/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:24:4: /records/4/colour: there is no field \"colour\" (unknown_field)\n"
	    "  bad.json:25:4: /records/5/colour: there is no field \"colour\" (unknown_field)\n"
	    "  ... and 114 more, all in bad.1.json.errors.json beside it\n"
	    "  It lies in the failed folder as bad.1.json. Fix it there, then:\n"
	    "  hsctl import retry bad.1.json\n"
	    "\n"
	    "1 file in 0.25 s: 1 failed\n"
	    "Run 12 by command: done, from 2026-11-25 02:43:20 to 2026-11-25 02:43:21 (UTC)\n" },
	{ "import list", HS_CMD_IMPORT_LIST, {
	    "{'runs':[{'run_id':12,'trigger':'command','status':'done','started_at':"
	    "'2026-11-25T02:43:20Z','files':3,'failed':1,'records':4600,'created':4400,"
	    "'updated':60,'unchanged':40},"
	    "{'run_id':3,'trigger':'watch','status':'running','started_at':"
	    "'2026-11-24T12:00:00Z','files':0}],'waiting':" WAITING "}" },
	    "RUN  STARTED (UTC)     BY       FILES  FAILED  RECORDS  CHANGED  STATUS\n"
	    " 12  2026-11-25 02:43  command      3       1    4,500    4,460  done\n"
	    "  3  2026-11-24 12:00  watch        0       0        0        0  running\n"
	    "\n"
	    "  waiting in incoming\n"
	    "    big.json: still growing (for 12 s; next try in 3 s)\n"
	    "    x.json: the database is away (for 11 min 40 s)\n" },
	{ "nothing imported", HS_CMD_IMPORT_LIST, { "{'runs':[],'waiting':[]}" },
	    "Nothing has been imported yet: put a snapshot (*.json) into incoming.\n" },
	{ "persons", HS_CMD_IDENTITY_LIST, {
	    "{'people':[{'id':1,'full_name':'Luka Don\u010di\u0107','identities':["
	    "{'identity':'one:luka','full_name':'Luka Don\u010di\u0107','birth_date':'1999-02-28',"
	    "'nationality':'Slovenia','height_cm':201,'linked_at':'2026-11-29T08:00:12Z',"
	    "'linked_by':'boss','reason':'sure'},"
	    "{'identity':'two:77','full_name':'L. Doncic','birth_date':null,'nationality':null,"
	    "'height_cm':null,'linked_at':'2026-11-29T08:00:12Z','linked_by':'hsctl','reason':null}"
	    "]}],'total':3}" },
	    "Luka Don\xc4\x8di\xc4\x87 (player 1) is\n"
	    "    one:luka  Luka Don\xc4\x8di\xc4\x87, born 1999-02-28, Slovenia, 201 cm\n"
	    "      linked 2026-11-29 08:00 by boss: sure\n"
	    "    two:77  L. Doncic, born unknown, unknown\n"
	    "      linked 2026-11-29 08:00 by hsctl\n"
	    "2 more persons: --limit shows more.\n" },
	{ "nobody is linked", HS_CMD_IDENTITY_LIST, { "{'people':[],'total':0}" },
	    "Nobody is linked to anybody.\n" },
	{ "unlinked", HS_CMD_IDENTITY_UNLINK, { "{'people':[],'total':0}" },
	    "Unlinked: the player stands alone again.\n" },
	{ "told apart", HS_CMD_IDENTITY_UNLIKE, { "{'people':[]}" },
	    "Noted: the two are not suggested again.\n" },
	{ "pairs", HS_CMD_IDENTITY_SUGGEST, {
	    "{'event':'progress','file':'players','stage':'reading names','bytes':1,'total':5}",
	    "{'pairs':[{'score':85,'reasons':[{'code':'same_birth_date','points':45,'words':"
	    "'born on the same day'},{'code':'same_name','points':40,'words':'the same name'}],"
	    "'a':{'identity':'one:1','full_name':'Ann Lee','birth_date':'2000-01-02','rows':["
	    "{'season':'2024','team':'Storm','competition':'WNBA','games':30,'ppg':12.5}],"
	    "'rows_total':4},'b':{'identity':'two:9','full_name':'Ann Lee','birth_date':"
	    "'2000-01-02','rows':[],'rows_total':0}}],'total':1,'look':{'looked_at':"
	    "'2026-11-29T08:00:12Z','players':1234,'pairs':9}}" },
	    "85 of 100  born on the same day +45, the same name +40\n"
	    "    one:1  Ann Lee, born 2000-01-02, unknown\n"
	    "      2024, Storm, WNBA, 30 games, 12.5 points\n"
	    "      and 3 more\n"
	    "    two:9  Ann Lee, born 2000-01-02, unknown\n"
	    "As of 2026-11-29 08:00 UTC, among 1,234 players; --new looks again.\n" },
	{ "status", HS_CMD_STATUS, {
	    "{'version':'0.1.0','pid':812,'uptime_seconds':11533,'state_dir':'/var/lib/hoopscout',"
	    "'listen':['http://127.0.0.1:8000','unix:/run/hs.sock'],'url':'http://127.0.0.1:8000',"
	    "'incoming':'/srv/in','database':{'kind':'private','state':'up','message':'',"
	    "'migration':'001_entities'},'daemons':[{'name':'web','state':'up','pid':815,"
	    "'uptime_seconds':11500,'restarts':0,'last_exit':null,'next_try_seconds':null,'detail':"
	    "{'requests':12345,'connections':1,'database':{'open':2,'busy':1,'waiting':0,"
	    "'usable':false,'message':'no answer'}}},{'name':'importer','state':'waiting',"
	    "'pid':null,'uptime_seconds':null,'restarts':4,'last_exit':'killed by signal 9',"
	    "'next_try_seconds':40,'detail':null}]}" },
	    "HoopScout 0.1.0, process 812, up for 3 h 12 min\n"
	    "  url        http://127.0.0.1:8000\n"
	    "             unix:/run/hs.sock\n"
	    "  incoming   /srv/in\n"
	    "  state      /var/lib/hoopscout\n"
	    "  database   up, private, at 001_entities\n"
	    "\n"
	    "DAEMON    STATE    PROCESS      UP FOR  RESTARTS\n"
	    "web       up           815  3 h 11 min         0\n"
	    "importer  waiting        -           -         4\n"
	    "  importer: last exit: killed by signal 9; next try in 40 s\n"
	    "\n"
	    "web: 12,345 requests, 1 connection\n"
	    "  database connections: 2 open, 1 busy; 0 queries wait\n"
	    "  the database is not usable: no answer\n" },
	{ "requests that nobody takes", HS_CMD_STATUS, {
	    "{'version':'0.1.0','pid':1,'uptime_seconds':5,'state_dir':'/s','incoming':'/s/i',"
	    "'daemons':[{'name':'web','state':'up','pid':7,'uptime_seconds':4,'restarts':0,"
	    "'detail':{'requests':1,'connections':1,'queue':{'running':0,'waiting':[],'problem':"
	    "'no table'}}},"
	    "{'name':'extractor','state':'up','pid':8,'uptime_seconds':4,'restarts':0,"
	    "'detail':{'runs':[],'scheduler':{'enabled':false},'queue':{'running':0,'waiting':"
	    "[{'owner':'extractor','count':1,'seconds':9},"
	    "{'owner':'importer','count':12,'seconds':700}],'problem':null}}}]}" },
	    "HoopScout 0.1.0, process 1, up for 5 s\n"
	    "  url        -\n"
	    "  incoming   /s/i\n"
	    "  state      /s\n"
	    "\n"
	    "DAEMON     STATE  PROCESS  UP FOR  RESTARTS\n"
	    "web        up           7     4 s         0\n"
	    "extractor  up           8     4 s         0\n"
	    "  1 request waits for the extractor, for 9 s\n"
	    "  12 requests wait for the importer, the oldest for 11 min 40 s\n"
	    "  web: sees no requests: no table\n"
	    "\n"
	    "web: 1 request, 1 connection\n"
	    "\n"
	    "extractor: fetches nothing now\n"
	    "  the scheduler is off: SCHEDULER_ENABLED=yes turns it on\n" },
	{ "status of the importer", HS_CMD_STATUS, {
	    "{'version':'0.1.0','pid':1,'uptime_seconds':5,'state_dir':'/s','incoming':'/s/i',"
	    "'database':{'kind':'external','state':'down','message':'db1 refuses',"
	    "'migration':null},"
	    "'daemons':[{'name':'importer','state':'up','pid':7,'uptime_seconds':4,'restarts':0,"
	    "'detail':{'watching':false,'watch_problem':'no inotify watch is left','importing':"
	    "{'file':'nba.json','bytes':1000000,'total':2240441,'records':2034,'stage':'loading'},"
	    "'waiting':" WAITING ",'last_file':" NBA "}}]}" },
	    "HoopScout 0.1.0, process 1, up for 5 s\n"
	    "  url        -\n"
	    "  incoming   /s/i\n"
	    "  state      /s\n"
	    "  database   down, external\n"
	    "             db1 refuses\n"
	    "\n"
	    "DAEMON    STATE  PROCESS  UP FOR  RESTARTS\n"
	    "importer  up           7     4 s         0\n"
	    "\n"
	    "importer: loading nba.json, 1.0 MB of 2.2 MB, 2,034 records\n"
	    "  last file  nba-2001-2009.json: imported, 4,500 records (run 12)\n"
	    "  no events from incoming: no inotify watch is left\n"
	    "  files are found by the regular scan instead\n"
	    "  waiting in incoming\n"
	    "    big.json: still growing (for 12 s; next try in 3 s)\n"
	    "    x.json: the database is away (for 11 min 40 s)\n" },
	{ "status of the extractor", HS_CMD_STATUS, {
	    "{'version':'0.1.0','pid':1,'uptime_seconds':5,'state_dir':'/s','incoming':'/s/i',"
	    "'daemons':[{'name':'extractor','state':'up','pid':7,'uptime_seconds':4,'restarts':0,"
	    "'detail':{'runs':[{'file':'league','stage':'fetching','bytes':1000000,'records':0}],"
	    "'scheduler':{'enabled':true,'next_source':'cup','next_run_at':"
	    "'2026-11-26T04:00:00Z'},'database_problem':'no answer'}}]}" },
	    "HoopScout 0.1.0, process 1, up for 5 s\n"
	    "  url        -\n"
	    "  incoming   /s/i\n"
	    "  state      /s\n"
	    "\n"
	    "DAEMON     STATE  PROCESS  UP FOR  RESTARTS\n"
	    "extractor  up           7     4 s         0\n"
	    "\n"
	    "extractor: 1 run under way\n"
	    "  league: fetching, 1.0 MB, 0 records\n"
	    "  next run   2026-11-26 04:00:00 (UTC): cup\n"
	    "  the database is not usable: no answer\n" },
	{ "an idle extractor", HS_CMD_STATUS, {
	    "{'version':'0.1.0','pid':1,'uptime_seconds':5,'state_dir':'/s','incoming':'/s/i',"
	    "'daemons':[{'name':'extractor','state':'up','pid':7,'uptime_seconds':4,'restarts':0,"
	    "'detail':{'runs':[],'scheduler':{'enabled':false}}}]}" },
	    "HoopScout 0.1.0, process 1, up for 5 s\n"
	    "  url        -\n"
	    "  incoming   /s/i\n"
	    "  state      /s\n"
	    "\n"
	    "DAEMON     STATE  PROCESS  UP FOR  RESTARTS\n"
	    "extractor  up           7     4 s         0\n"
	    "\n"
	    "extractor: fetches nothing now\n"
	    "  the scheduler is off: SCHEDULER_ENABLED=yes turns it on\n" },
	{ "extractor list", HS_CMD_EXTRACTOR_LIST, {
	    "{'sources':[{'name':'public_json_snapshot','has_url':false,'running':null,"
	    "'latest':null,'when':{'enabled':true,'schedule':null}},"
	    "{'name':'league','has_url':true,'running':null,'latest':{'status':'emitted',"
	    "'started_at':'2026-11-25T04:00:12Z','records':12345},'when':" DAILY "},"
	    "{'name':'cup','has_url':true,'running':{'stage':'waiting','note':"
	    "'waiting 12 s before try 3 of 5: HTTP 503'},'latest':{'status':"
	    "'running','started_at':'2026-11-25T12:00:00Z','records':0},'when':{'enabled':false,"
	    "'schedule':'@every 6h'}},"
	    "{'name':'odd','has_url':true,'running':null,'latest':null,'when':{'enabled':true,"
	    "'schedule':'x','schedule_problem':'x has 1 field'}}],'scheduler':{'enabled':true}}" },
	    "SOURCE                LATEST (UTC)      STATUS     RECORDS  NEXT (UTC)\n"
	    "public_json_snapshot  -                 never run        0  by command\n"
	    "league                2026-11-25 04:00  emitted     12,345  2026-11-26 04:00\n"
	    "cup                   2026-11-25 12:00  waiting          0  disabled\n"
	    "odd                   -                 never run        0  bad schedule\n"
	    "\n"
	    "  schedules\n"
	    "    league: 0 4 * * *, Europe/Berlin\n"
	    "    cup: @every 6h\n"
	    "    odd: x\n"
	    "\n"
	    "public_json_snapshot has no URL: set EXTRACTOR_PUBLIC_JSON_URL, or give --url.\n"
	    "\n"
	    "cup is waiting 12 s before try 3 of 5: HTTP 503\n"
	    "\n"
	    "odd has a bad schedule: x has 1 field\n" },
	{ "extractor list, and the scheduler is off", HS_CMD_EXTRACTOR_LIST, {
	    "{'sources':[{'name':'league','has_url':true,'running':null,'latest':null,'when':"
	    DAILY "}],'scheduler':{'enabled':false}}" },
	    "SOURCE  LATEST (UTC)  STATUS     RECORDS  NEXT (UTC)\n"
	    "league  -             never run        0  scheduler off\n"
	    "\n"
	    "  schedules\n"
	    "    league: 0 4 * * *, Europe/Berlin\n"
	    "\n"
	    "The scheduler is off: SCHEDULER_ENABLED=yes turns it on.\n" },
	{ "extractor enable", HS_CMD_EXTRACTOR_ENABLE, {
	    "{'source':'league','running':null,'when':" DAILY ",'scheduler':{'enabled':true}}" },
	    "league: enabled; next run 2026-11-26 04:00:12 (UTC)\n" },
	{ "extractor enable, and the scheduler is off", HS_CMD_EXTRACTOR_ENABLE, {
	    "{'source':'league','running':null,'when':" DAILY ",'scheduler':{'enabled':false}}" },
	    "league: enabled, but the scheduler is off: SCHEDULER_ENABLED=yes turns it on\n" },
	{ "extractor enable without a schedule", HS_CMD_EXTRACTOR_ENABLE, {
	    "{'source':'league','when':{'enabled':true,'schedule':null}}" },
	    "league: enabled, but it has no schedule: see hsd-extractor(8)\n" },
	{ "extractor enable with a bad schedule", HS_CMD_EXTRACTOR_ENABLE, {
	    "{'source':'odd','when':{'enabled':true,'schedule':'x','schedule_problem':'bad'}}" },
	    "odd: enabled, but its schedule is bad: bad\n" },
	{ "extractor disable", HS_CMD_EXTRACTOR_DISABLE, {
	    "{'source':'league','running':{'stage':'fetching'},'when':{'enabled':false}}" },
	    "league: disabled; hsctl extractor run still runs it\n"
	    "  its run under way goes on: hsctl extractor cancel ends it\n" },
	{ "start", HS_CMD_START, { "{'daemon':'web','state':'up','pid':99}" },
	    "web: up, process 99\n" },
	{ "stop", HS_CMD_STOP, { "{'daemon':'web','state':'stopped','pid':null}" },
	    "web: stopped\n" },
	{ "reload", HS_CMD_RELOAD, {
	    "{'reloaded':['supervisor'],'refused':[{'daemon':'web','message':'a.html: bad'}]}" },
	    "supervisor: reloaded\n"
	    "web: refused, and goes on as before: a.html: bad\n" },
	{ "migrate", HS_CMD_MIGRATE, { "{'event':'step','name':'001_entities'}",
	    "{'known':1,'applied':1,'newly':1,'latest':'001_entities'}" },
	    "applied 001_entities\n"
	    "1 migration applied; the database is at 001_entities\n" },
	{ "nothing to migrate", HS_CMD_MIGRATE,
	    { "{'known':1,'applied':1,'newly':0,'latest':'001_entities'}" },
	    "the database is up to date at 001_entities\n" },
	{ "config", HS_CMD_CONFIG, {
	    "{'settings':[{'name':'HOOPSCOUT_LISTEN','value':'[::]:80','origin':'default'},"
	    "{'name':'POSTGRES_PASSWORD','value':'********',"
	    "'origin':'/etc/hoopscout/hoopscout.conf'},"
	    "{'name':'POSTGRES_HOST','value':'','origin':'environment'}]}" },
	    "SETTING            FROM         VALUE\n"
	    "HOOPSCOUT_LISTEN   default      [::]:80\n"
	    "POSTGRES_PASSWORD  file         ********\n"
	    "POSTGRES_HOST      environment\n"
	    "\n"
	    "'file' is /etc/hoopscout/hoopscout.conf.\n" },
	{ "version", HS_CMD_VERSION, { "{'version':'0.1.0'}" }, "HoopScout 0.1.0\n" },
	{ "a valid snapshot", HS_CMD_SNAPSHOT_CHECK, {
	    "{'file':'nba.json','valid':true,'source_name':'bbr','snapshot_date':'2018-06-30',"
	    "'records':605,'bytes':299832,'seconds':0.02,'problem_total':0,'problems':[]}" },
	    "nba.json: valid, 605 records\n"
	    "  source  bbr, as of 2018-06-30\n"
	    "  read    299.8 kB in 0.02 s\n" },
	{ "a bad snapshot", HS_CMD_SNAPSHOT_CHECK, {
	    "{'file':'bad.json','valid':false,'source_name':null,'snapshot_date':null,"
	    "'records':1,'bytes':10,'seconds':0,'problem_total':3,'problems':[" PROBLEM(0) ","
	    "{'code':'truncated','pointer':'','line':3,'column':1,"
	    "'message':'the file is cut off'}]}" },
	    "bad.json:20:4: /records/0/colour: there is no field \"colour\" (unknown_field)\n"
	    "bad.json:3:1: the file is cut off (truncated)\n"
	    "\n"
	    "bad.json: 3 problems (the first 2 are shown), 1 record read\n"
	    "  an import would refuse the whole file\n" },
	{ "schema", HS_CMD_SNAPSHOT_SCHEMA, { "{'type':'object'}" },
	    "{\n  \"type\": \"object\"\n}\n" },
};

static void test_texts(void)
{
	for (size_t i = 0; i < HS_COUNT(texts); i++) {
		struct shown shown;

		shown_open(&shown, OUTPUT_PLAIN);
		for (size_t n = 0; n < HS_COUNT(texts[i].given) && texts[i].given[n] != NULL; n++)
			give(&shown, texts[i].command, texts[i].given[n]);
		shown_end(&shown);
		expect_text(texts[i].name, shown.out, texts[i].want);
		expect_text(texts[i].name, shown.err, "");
		expect_no_escapes(texts[i].name, shown.out);
		expect_columns(texts[i].name, shown.out);
		shown_done(&shown);
	}
}

/* Each command must stand a daemon that sends less than it should, or something else. */
static void test_strange_results(void)
{
	static const char *const strange[] = { "{}",
	    "{'run':3,'totals':[],'runs':{},'waiting':[1,{}],"
	    "'daemons':[null,{}],'listen':[1],'settings':[7,{}],'problems':[{}],'refused':[1],"
	    "'reloaded':[{}]}", "{'event':'file'}", "{'event':'file','file':{'status':'failed',"
	    "'problems':7}}", "{'event':'progress'}", "{'event':'of_tomorrow'}" };

	for (int command = 0; command < HS_COMMAND_COUNT; command++) {
		for (size_t i = 0; i < HS_COUNT(strange); i++) {
			struct shown shown;

			shown_open(&shown, OUTPUT_PLAIN);
			give(&shown, (enum hs_command_id)command, strange[i]);
			shown_end(&shown);
			expect_no_escapes(strange[i], shown.out);
			shown_done(&shown);
		}
	}
}

static void test_json(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct shown shown;

	shown_open(&shown, OUTPUT_JSON);
	give(&shown, HS_CMD_IMPORT_NOW, "{'id':1,'event':'progress','file':'a\\u001b.json'}");
	give(&shown, HS_CMD_IMPORT_NOW, "{'run':null}");
	shown.output.ops->note(&shown.output, "detached", "detached; it goes on");
	hs_error_set(&err, HS_NOT_FOUND, "x.json", "there is no such file");
	shown.output.ops->error(&shown.output, &err, "advice");
	shown_end(&shown);
	expect_text("lines", shown.out,
	    "{\"event\":\"progress\",\"file\":\"a\\u001B.json\"}\n"
	    "{\"result\":{\"run\":null}}\n"
	    "{\"event\":\"detached\",\"message\":\"detached; it goes on\"}\n"
	    "{\"error\":{\"code\":\"not_found\",\"message\":\"there is no such file\","
	    "\"where\":\"x.json\"}}\n");
	expect_text("nothing else", shown.err, "");
	shown_done(&shown);
}

static void test_errors(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct shown shown;

	shown_open(&shown, OUTPUT_PLAIN);
	hs_error_set(&err, HS_NOT_FOUND, "x\033.json", "there is no\nsuch file");
	shown.output.ops->error(&shown.output, &err, "  look again");
	shown.output.ops->note(&shown.output, "detached", "detached; it goes on");
	shown_end(&shown);
	expect_text("on stderr", shown.err, "hsctl: x\\u001b.json: there is no\\nsuch file\n"
	    "  look again\nhsctl: detached; it goes on\n");
	expect_text("not on stdout", shown.out, "");
	shown_done(&shown);
}

static const struct { const char *where, *message, *want; } once[] = {
	{ "run", "there is no import run 9", "hsctl: there is no import run 9\n" },
	{ "runner", "it does not run", "hsctl: runner: it does not run\n" },
	{ "POSTGRES_PORT", "POSTGRES_PORT must be a number", "hsctl: POSTGRES_PORT must be a number\n" },
	{ "a.json", "\"a.json\" is none", "hsctl: \"a.json\" is none\n" },
	{ "a.json", "a.json.bak is none", "hsctl: a.json: a.json.bak is none\n" },
	{ "", "no memory", "hsctl: no memory\n" },
};

/* What stands in front says what the sentence does not. */
static void test_one_prefix(void)
{
	for (size_t i = 0; i < HS_COUNT(once); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct shown shown;

		shown_open(&shown, OUTPUT_PLAIN);
		shown.output.asked = &hs_commands[HS_CMD_IMPORT_SHOW];
		hs_error_set(&err, HS_NOT_FOUND, once[i].where, "%s", once[i].message);
		shown.output.ops->error(&shown.output, &err, NULL);
		shown_end(&shown);
		expect_text(once[i].message, shown.err, once[i].want);
		shown_done(&shown);
	}
}

static const struct {
	const char *text;
	size_t length;
	const char *want;
} escapes[] = {
	{ "plain Don\xc4\x8di\xc4\x87", 14, "plain Don\xc4\x8di\xc4\x87" },
	{ "a\tb\nc\r", 6, "a\\tb\\nc\\r" },
	{ "\0\033[31m\x7f", 7, "\\u0000\\u001b[31m\\u007f" },
	{ "\xc2\x9b" "31m", 5, "\\u009b31m" },			/* CSI in one character */
	{ "\xe2\x80\xae" "gpj", 6, "\\u202egpj" },		/* right to left override */
	{ "\xe2\x81\xa6x\xe2\x80\xa8", 7, "\\u2066x\\u2028" },
	{ "a\xff\xc3", 3, "a\\xff\\xc3" },
	{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },		/* a surrogate */
};

static void test_escaping(void)
{
	for (size_t i = 0; i < HS_COUNT(escapes); i++) {
		char *got = screen_escape(escapes[i].text, escapes[i].length);

		expect_text(escapes[i].want, got, escapes[i].want);
		free(got);
	}
}

static const struct {
	double seconds;
	const char *want;
} spans[] = {
	{ -1, "0 s" }, { 0, "0 s" }, { 0.004, "0.00 s" }, { 0.25, "0.25 s" }, { 1, "1 s" },
	{ 1.5, "1.5 s" }, { 9.97, "10 s" }, { 59.4, "59 s" }, { 60, "1 min 0 s" },
	{ 192, "3 min 12 s" }, { 3600, "1 h 0 min" }, { 86399, "23 h 59 min" },
	{ 86400, "1 d 0 h" },
	{ 1e300, "11574074 d 1 h" },
};

static const struct {
	long long number;
	const char *want;
} counts[] = {
	{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" },
	{ -1000, "-1,000" },
	{ -100, "-100" }, { 9223372036854775807, "9,223,372,036,854,775,807" },
};

static void test_figures(void)
{
	char buf[FIGURE_BYTES];

	for (size_t i = 0; i < HS_COUNT(spans); i++)
		expect_text(spans[i].want, screen_span(spans[i].seconds, buf), spans[i].want);
	for (size_t i = 0; i < HS_COUNT(counts); i++)
		expect_text(counts[i].want, screen_count(counts[i].number, buf), counts[i].want);
}

static const struct {
	const char *text;
	size_t columns, size;
	const char *want;
} cuts[] = {
	{ "nba.json", 8, 32, "nba.json" },
	{ "nba.json", 7, 32, "nba...." },
	{ "nba.json", 3, 32, "nba" },
	{ "nba.json", 0, 32, "" },
	{ "nba.json", 80, 6, "nb..." },
	{ "\xc4\x8d\xc4\x8d\xc4\x8d\xc4\x8d\xc4\x8d", 4, 32, "\xc4\x8d..." },
	{ "\xc4\x8d\xc4\x8d", 80, 4, "\xc4\x8d" },
	{ "\xe7\xb1\x83\xe7\x90\x83\xe7\xb1\x83", 5, 32, "\xe7\xb1\x83..." },
};

static void test_cutting(void)
{
	for (size_t i = 0; i < HS_COUNT(cuts); i++) {
		char buf[32];

		screen_cut(cuts[i].text, cuts[i].columns, buf, cuts[i].size);
		expect_text(cuts[i].text, buf, cuts[i].want);
	}
}

static const struct hs_case cases[] = {
	{ "texts", test_texts },
	{ "strange results", test_strange_results },
	{ "JSON", test_json },
	{ "errors and notes", test_errors },
		{ "one prefix", test_one_prefix },
	{ "escaping", test_escaping },
	{ "figures", test_figures },
	{ "cutting", test_cutting },
};

int main(void)
{
	return hs_run_suite("render", cases, HS_COUNT(cases));
}
