"""The checks, one function each; gdb runs those of the stage that is in the environment."""
import os
import re
import traceback

import gdb

TREE = """\
task gather, waits for: end of its group since T s
  gather at tree.c: EDDY_GROUP(&my->all)
  task caller, waits for: sleep since T s
    deepest at tree.c: eddy_sleep(HOUR, me)
    deeper at tree.c: my->result, deepest, .at = {3, 4}
    caller at tree.c: deeper, .word = "quay"
  task sleeper 7, waits for: sleep since T s
    sleeper at tree.c: my->error, eddy_sleep(HOUR, me)
  task consumer, waits for: sleep since T s
    numbers at tree.c: eddy_sleep(HOUR, me)
    consumer at tree.c: EDDY_EACH(my->number, &my->generator, numbers, .next = 41)
task watchdog, running
  watchdog at tree.c: eddy_yield(me)
5 tasks; 1 waits that the kernel can end, 5 others, 4 deadlines
"""

FIELDS = [  # of each frame: those that are checked
    ("gather", ["ret = 0", "error = 0", "all = {block = {...}"]),
    ("deepest", ["ret = 0", "at = {x = 3, y = 4}", "ratio = 0.25"]),
    ("deeper", ['"quay"', "result = 0"]),
    ("caller", ["number = 1684234849", 'bytes = "abcd"']),
    ("sleeper", ["spent = 7", "error = 0", "limit = {block = {...}"]),
    ("numbers", ["ret = 41", "next = 41"]),
    ("consumer", ["number = 41", "sum = 41"]),
    ("watchdog", ['"dump"', "thread = "]),
]


def output_of(command):
    return gdb.execute(command, False, True)


def failure_of(command):
    try:
        output_of(command)
    except gdb.error as error:
        return str(error)
    raise AssertionError("this was to fail: " + command)


def simplified(tree):
    tree = re.sub(r" at (\S*/)?tree\.c:\d+: ", " at tree.c: ", tree)
    return re.sub(r" since \d+\.\d s", " since T s", tree)


def check_equal(got, wanted):
    assert got == wanted, "got:\n%s\nwanted:\n%s" % (got, wanted)


def check_contains(text, *parts):
    for part in parts:
        assert part in text, "%r is not in:\n%s" % (part, text)


def task(name):
    found = re.search(r"task %s \((0x[0-9a-f]+)\)" % name, output_of("eddy-bt " + name))
    return gdb.parse_and_eval("*(struct eddy_task *)" + found.group(1))


def select_main_thread():
    gdb.execute("thread 1", False, True)


# ---- Whole -------------------------------------------------------------------------------


def the_tree_is_the_known_one():
    check_equal(simplified(output_of("eddy-tasks")), TREE)


def the_tree_is_what_eddy_dump_printed():
    with open("dump", encoding="utf-8") as file:
        check_equal(output_of("eddy-tasks"), file.read())


def each_line_number_is_that_of_its_text():
    with open(os.environ["SOURCE"], encoding="utf-8") as file:
        source = file.read().split("\n")
    places = re.findall(r"tree\.c:(\d+): (.*)", output_of("eddy-tasks"))
    assert len(places) == 8
    for line, text in places:
        assert re.sub(r"^EDDY_EACH\(|\)$", "", text) in source[int(line) - 1], (line, text)


def each_frame_has_its_fields():
    frames = re.split(r"\n  #\d+ ", output_of("eddy-bt full"))[1:]
    assert len(frames) == len(FIELDS)
    for frame, (function, fields) in zip(frames, FIELDS):
        assert frame.startswith(function + " at "), frame
        check_contains(frame, *fields)
        assert "eddyi_frame" not in frame, frame


def without_full_there_are_no_fields():
    check_equal(re.findall(r" = ", re.sub(r"tree\.c:.*", "", output_of("eddy-bt"))), [])


def a_task_is_found_by_name_address_or_expression():
    chain = output_of("eddy-bt sleeper 7")
    check_contains(chain, "task sleeper 7 (0x", "  #0 sleeper at ")
    address = re.search(r"\((0x[0-9a-f]+)\)", chain).group(1)
    leaf = "((struct eddy_task *)%s)->leaf" % address
    for expression in (address, "(struct eddy_task *)" + address, "(struct eddy_waiter *)" + address,
                       leaf, "(struct sleeper *)" + leaf):
        check_equal(output_of("eddy-bt " + expression), chain)


def a_coroutines_name_finds_its_task():
    check_contains(output_of("eddy-bt watchdog full"), "task watchdog (0x", "#0 watchdog at ", '"dump"')


def an_unknown_name_is_refused():
    check_contains(failure_of("eddy-bt nobody"), "There is no task of that name")


def a_loop_can_be_named():
    loop = int(task("watchdog")["waiter"]["scheduler"])
    check_equal(simplified(output_of("eddy-tasks (struct eddy_loop *)%d" % loop)), TREE)
    check_equal(output_of("eddy-bt (struct eddy_loop *)%d full" % loop), output_of("eddy-bt full"))


def a_thread_without_a_loop_names_those_that_have_one():
    try:
        gdb.execute("thread 2", False, True)
        check_contains(failure_of("eddy-tasks"), "This thread has no loop. These threads have one: 1")
        assert gdb.selected_thread().num == 2
    finally:
        select_main_thread()


def the_loop_is_found_on_the_stack_too():
    check_equal(loop_on_stack(), loop_of_thread())


# ---- Damaged -----------------------------------------------------------------------------


class Damage:
    """Other values in the process' memory, for a while."""

    def __init__(self, *changes):
        self.changes = changes

    def __enter__(self):
        self.old = []
        for value, new in self.changes:
            at = (int(value.address), value.type.sizeof)
            self.old.append((at[0], gdb.selected_inferior().read_memory(*at).tobytes()))
            gdb.selected_inferior().write_memory(at[0], int(new).to_bytes(at[1], "little"))

    def __exit__(self, *unused):
        for address, data in reversed(self.old):
            gdb.selected_inferior().write_memory(address, data)


BAD = 0x5ED0


def check_damaged(change, wanted, *parts):
    """With one value changed the tree is said to be damaged, and all tasks but those of `wanted` are there."""
    with Damage(change):
        got = output_of("eddy-tasks")
        output_of("eddy-bt full")
    check_contains(got, "?? ", "this is not all", *parts)
    names = ["gather", "caller", "sleeper 7", "consumer", "watchdog"]
    check_equal([name for name in names if "task %s," % name not in got], wanted)


def a_broken_link_hides_no_other_task():
    check_damaged((task("sleeper 7")["link"]["next"], BAD), [], "?? the task whose link is at 0x5ed0")
    check_damaged((task("sleeper 7")["link"]["prev"], BAD), [], "neighbours in the list do not know it")
    check_damaged((task("caller")["link"]["next"], 0), [], "NULL")


def a_task_that_is_not_of_its_group_is_left_out():
    sleeper = task("sleeper 7")
    check_damaged((sleeper["group"], BAD), ["sleeper 7"], "it is of another group", "of its 3 tasks 2 were found")
    check_damaged((sleeper["group"]["running"], 9), [], "of its 9 tasks 3 were found")


def a_list_that_runs_in_a_circle_ends():
    caller, consumer = task("caller"), task("consumer")
    check_damaged((consumer["link"]["next"], caller["link"].address), [], "neighbours")


def a_tree_that_runs_in_a_circle_ends():
    gather, deep = task("gather"), task("caller")
    with Damage((deep["block"], gather["block"])):
        check_contains(output_of("eddy-tasks"), "it was met before", "task watchdog, running", "task consumer,")


def a_chain_of_frames_in_a_circle_ends():
    frame = task("caller")["leaf"]
    check_damaged((frame["caller"], frame), [], "there is no end of them")
    check_damaged((frame["caller"], BAD), [], "?? the frame at 0x5ed0")
    check_damaged((frame["task"], BAD), [], "it is of another task")


def a_chain_of_blocks_in_a_circle_ends():
    block = task("sleeper 7")["block"]
    check_damaged((block["outer"], block), [], "there is no end of them")
    check_damaged((block["site"], BAD), [], "?? the kind of the block")


def words_that_cannot_be_read_are_said_to_be_so():
    sleeper = task("sleeper 7")
    check_damaged((sleeper["leaf"]["site"], BAD), [], "?? the place of the frame")
    check_damaged((sleeper["waiter"]["kind"], BAD), [], "waits for: ?? its kind")
    check_damaged((sleeper["waiter"]["state"], 99), [], "?? its waiter: it is in state 99")
    check_damaged((sleeper["more"], BAD), ["sleeper 7"], "?? its name")


def fields_of_another_size_are_not_printed():
    with Damage((task("consumer")["leaf"]["size"], 7)):
        check_contains(output_of("eddy-bt full"), "?? its fields: the frame has 7 bytes", "sum = 41")


def a_damaged_core_is_made():
    sleeper, frame = task("sleeper 7"), task("caller")["leaf"]
    with Damage((sleeper["link"]["next"], BAD), (frame["caller"], frame), (task("consumer")["waiter"]["kind"], 0)):
        gdb.execute("generate-core-file core.damaged", False, True)


def what_is_whole_of_a_damaged_core_is_printed():
    check_equal(simplified(re.sub(r"0x(?!5ed0)[0-9a-f]+", "ADDRESS", output_of("eddy-tasks"))), """\
task gather, waits for: end of its group since T s
  gather at tree.c: EDDY_GROUP(&my->all)
  task caller, waits for: sleep since T s
    deepest at tree.c: eddy_sleep(HOUR, me)
    ?? the frame at ADDRESS: there is no end of them
  task sleeper 7, waits for: sleep since T s
    sleeper at tree.c: my->error, eddy_sleep(HOUR, me)
  ?? the task whose link is at 0x5ed0: Cannot access memory at address 0x5ed0
  task consumer, waits for: ?? its kind: the pointer is NULL since T s
    numbers at tree.c: eddy_sleep(HOUR, me)
    consumer at tree.c: EDDY_EACH(my->number, &my->generator, numbers, .next = 41)
task watchdog, running
  watchdog at tree.c: eddy_yield(me)
5 tasks; 1 waits that the kernel can end, 5 others, 4 deadlines
?? this is not all: 3 times memory could not be read, or makes no sense
""")


def half_a_core_is_no_trouble():
    """It may have the tasks or not; but what cannot be read is said, and no more."""
    for command in ("eddy-tasks", "eddy-bt full"):
        try:
            print(output_of(command))
        except gdb.error as error:
            assert "Error occurred in Python" not in str(error), error


# ---- Cores and steps ---------------------------------------------------------------------


def the_program_aborts():
    gdb.execute("run", False, True)
    check_contains(output_of("info program"), "SIGABRT")
    select_main_thread()


def a_core_is_made():
    gdb.execute("generate-core-file core", False, True)
    with open("core", "rb") as whole, open("core.short", "wb") as short:
        data = whole.read()
        short.write(data[: len(data) // 2])


def stepper():
    """The fields of the stepper that runs."""
    running = pointer_to("eddy_scheduler", find_loop())["running"]
    leaf = running.cast(gdb.lookup_type("struct eddy_task").pointer())["leaf"]
    assert text_at(leaf["site"]["function"]) == "stepper"
    return leaf.cast(gdb.lookup_type("struct stepper").pointer())


def step_until(stage):
    """In stepper 2, whatever stepper 1 does meanwhile."""
    for _ in range(20):
        if int(stepper()["stage"]) == stage:
            return
        gdb.execute("eddy-next", False, True)
        assert int(stepper()["id"]) == 2, "this is another task's coroutine"
    raise AssertionError("20 steps do not lead on")


def the_second_stepper_is_reached():
    gdb.execute("break mark if id == 2", False, True)
    gdb.execute("run", False, True)
    gdb.execute("finish", False, True)
    gdb.execute("delete", False, True)
    assert int(stepper()["id"]) == 2 and int(stepper()["stage"]) == 0


def eddy_next_steps_over_an_await():
    step_until(1)


def eddy_next_steps_over_a_call():
    step_until(2)
    assert int(stepper()["result"]) == 2


def eddy_next_at_a_coroutines_end_goes_to_its_caller():
    gdb.execute("break mark if id == 2 && stage == 10", False, True)
    gdb.execute("run", False, True)
    gdb.execute("finish", False, True)
    gdb.execute("delete", False, True)
    seen = []
    while seen[-1:] != ["stepper"]:
        gdb.execute("eddy-next", False, True)
        chain = re.search(r"task stepper \(0x[0-9a-f]+\), running\n  #0 (\w+) at ", output_of("eddy-bt stepper"))
        seen.append(chain.group(1))
        assert len(seen) < 20, seen
    check_equal(set(seen[:-1]), {"halt"})
    assert int(stepper()["id"]) == 2


def eddy_next_at_a_tasks_end_says_so():
    for _ in range(20):
        if "The task is over." in output_of("eddy-next"):
            assert output_of("info breakpoints").startswith("No breakpoints")
            return
        assert int(stepper()["id"]) == 2
    raise AssertionError("20 steps do not end the task")


def eddy_next_outside_a_coroutine_is_refused():
    gdb.execute("tbreak main", False, True)
    gdb.execute("run", False, True)
    check_contains(failure_of("eddy-next"), "This thread has no loop")
    gdb.execute("kill", False, True)
    check_contains(failure_of("eddy-next"), "There is no process")


WHOLE = [
    the_tree_is_the_known_one,
    the_tree_is_what_eddy_dump_printed,
    each_line_number_is_that_of_its_text,
    each_frame_has_its_fields,
    without_full_there_are_no_fields,
    a_task_is_found_by_name_address_or_expression,
    a_coroutines_name_finds_its_task,
    an_unknown_name_is_refused,
    a_loop_can_be_named,
    a_thread_without_a_loop_names_those_that_have_one,
    the_loop_is_found_on_the_stack_too,
]

STAGES = {
    "process": [the_program_aborts] + WHOLE + [
        a_core_is_made,
        a_damaged_core_is_made,
        a_broken_link_hides_no_other_task,
        a_task_that_is_not_of_its_group_is_left_out,
        a_list_that_runs_in_a_circle_ends,
        a_tree_that_runs_in_a_circle_ends,
        a_chain_of_frames_in_a_circle_ends,
        a_chain_of_blocks_in_a_circle_ends,
        words_that_cannot_be_read_are_said_to_be_so,
        fields_of_another_size_are_not_printed,
    ],
    "core": WHOLE,
    "damaged_core": [what_is_whole_of_a_damaged_core_is_printed],
    "short_core": [half_a_core_is_no_trouble],
    "steps": [
        the_second_stepper_is_reached,
        eddy_next_steps_over_an_await,
        eddy_next_steps_over_a_call,
        eddy_next_at_a_coroutines_end_goes_to_its_caller,
        eddy_next_at_a_tasks_end_says_so,
        eddy_next_outside_a_coroutine_is_refused,
    ],
}

gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set width 0")
try:
    for check in STAGES[os.environ["STAGE"]]:
        check()
        print("ok " + check.__name__)
    print("passed")
except BaseException:
    traceback.print_exc()
    gdb.execute("quit 1")
