"""What every task waits for, as eddy_dump() prints it: in gdb, of a process or of its core.

    gdb -x src/look/eddy-gdb.py PROGRAM [CORE]

    eddy-tasks [LOOP]              the tree of tasks
    eddy-bt [TASK | LOOP] [full]   await chains, with the fields of each frame
    eddy-next                      as next, but an await is stepped over until it is done

Nothing of the program is run for that (but by eddy-next). It needs the program's debug information (-g), and the
library's for the loop of a thread that is not inside it, and for the names that tasks were given. Of memory that is
damaged what can be read is printed; "??" stands before what cannot.
"""
import gdb

IDLE, PARKED, RETRY, READY = range(4)  # as in src/base/wait.h
START = 1  # struct eddy_frame.step, of a body that begins: include/eddy/frame.h
TEXT_MAX = 2000
CHAIN_MAX = 10000  # frames, or blocks, of one task
TASKS_MAX = 1 << 20


# ---- Memory -----------------------------------------------------------------------------


def fetch(pointer):
    """What `pointer` points to, read at once."""
    if int(pointer) == 0:
        raise gdb.MemoryError("the pointer is NULL")
    value = pointer.dereference()
    value.fetch_lazy()
    return value


def pointer_to(struct, address):
    return gdb.Value(address).cast(gdb.lookup_type("struct " + struct).pointer())


def text_at(pointer):
    """A string of the program, fit for a terminal."""
    address = int(pointer)
    data = b""
    while len(data) < TEXT_MAX and b"\0" not in data:
        length = min(TEXT_MAX - len(data), 256 - address % 256)
        data += gdb.selected_inferior().read_memory(address, length).tobytes()
        address += length
    text = data.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


def tag_of(value):
    """The name of the struct that a value or symbol points to."""
    target = value.type.strip_typedefs()
    if target.code != gdb.TYPE_CODE_PTR:
        return None
    target = target.target().strip_typedefs()
    return target.tag if target.code == gdb.TYPE_CODE_STRUCT else None


# ---- The loop ---------------------------------------------------------------------------

LOOP_OF = {
    "eddy_loop": lambda value: value,
    "eddy_scheduler": lambda value: value,  # a loop begins with it
    "eddy_waiter": lambda value: value["scheduler"],
    "eddy_task": lambda value: value["waiter"]["scheduler"],
    "eddy_frame": lambda value: value["task"]["waiter"]["scheduler"],
}


def loop_of_thread():
    """By the thread-local variable in loop.c. None: the thread has no loop. Raises where that cannot be read."""
    why = gdb.error("there is no debug information of eddy's loop.c")
    for symbol in gdb.lookup_static_symbols("current") if hasattr(gdb, "lookup_static_symbols") else ():  # gdb 10
        try:
            if tag_of(symbol) == "eddy_loop":
                return int(symbol.value()) or None
        except gdb.error as error:  # link-time optimisation leaves two, of which one has no place
            why = error
    raise why


def loop_on_stack():
    """By the arguments of the functions at work. None: none of them tells."""
    frame = gdb.newest_frame()
    for _ in range(CHAIN_MAX):
        if frame is None:
            break
        for symbol in arguments(frame):
            loop = loop_by(symbol, frame)
            if loop is not None:
                return loop
        frame = frame.older()
    return None


def arguments(frame):
    try:
        block = frame.block()
    except RuntimeError:  # a function without debug information
        return []
    while block is not None and block.function is None:
        block = block.superblock
    return [symbol for symbol in block or () if symbol.is_argument]


def loop_by(symbol, frame):
    try:
        if tag_of(symbol) not in LOOP_OF:
            return None
        loop = pointer_to("eddy_scheduler", int(LOOP_OF[tag_of(symbol)](symbol.value(frame))))
        scheduler = fetch(loop)
        alive = scheduler["alive"].dereference()
        return int(loop) if int(alive) in (0, 1) and int(scheduler["budget_max"]) > 0 else None
    except gdb.error:
        return None


def threads_with_loops():
    selected = gdb.selected_thread()
    found = []
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        if loop_of_thread() is not None:
            found.append(thread.num)
    selected.switch()
    return sorted(found)


def find_loop():
    if gdb.selected_thread() is None:
        raise gdb.GdbError("There is no process and no core.")
    try:
        loop = loop_of_thread()
    except gdb.error as error:
        loop = loop_on_stack()
        if loop is None:
            raise gdb.GdbError("This thread's loop is not to be found (%s): name it, as in eddy-tasks &loop" % error)
        return loop
    if loop is None:
        others = " ".join(str(number) for number in threads_with_loops())
        raise gdb.GdbError("This thread has no loop." + (" These threads have one: " + others if others else ""))
    return loop


# ---- The tree ---------------------------------------------------------------------------


class Reader:
    """Walks the tasks of a loop. Where a walk meets damage it yields a sentence, a str, instead."""

    def __init__(self):
        self.complaints = 0
        self.tasks = set()
        self.task_type = gdb.lookup_type("struct eddy_task")
        self.link_offset = next(f.bitpos // 8 for f in self.task_type.fields() if f.name == "link")

    def complain(self, what, why):
        self.complaints += 1
        return "?? %s: %s" % (what, why)

    def tree(self, scheduler):
        """Yield (depth, task), in the order of eddy_dump()."""
        if int(scheduler["roots"]) == 0:
            return
        roots = scheduler["roots"].cast(gdb.lookup_type("struct eddy_group").pointer())
        for number in range(3):  # main, the detached, the daemons
            stack = [self.children(roots + number)]
            while stack:
                task = next(stack[-1], None)
                if task is None:
                    stack.pop()
                    continue
                yield len(stack) - 1, task
                if not isinstance(task, str):
                    stack.append(self.inner_tasks(task))

    def inner_tasks(self, task):
        for block in self.blocks(task):
            if isinstance(block, str):
                yield block
                continue
            try:
                is_group = fetch(fetch(block["site"])["kind"])["is_group"]
            except gdb.error as error:
                yield self.complain("the kind of the block at %s" % hex(int(block.address)), error)
                continue
            if is_group:
                yield from self.children(block.address.cast(gdb.lookup_type("struct eddy_group").pointer()))

    def children(self, group):
        """The tasks of a group; past a damaged link they are read from the other end."""
        try:
            head = int(group["children"].address)
            running = int(fetch(group)["running"])
        except gdb.error as error:
            yield self.complain("the group at %s" % hex(int(group)), error)
            return
        count, damage = 0, None
        for task in self.run_of_links(group, head, "next", "prev"):
            if isinstance(task, str):
                damage = task
                break
            count += 1
            yield task
        if damage is not None:
            yield damage
            rest = []
            for task in self.run_of_links(group, head, "prev", "next"):
                if isinstance(task, str):
                    self.complaints -= 1  # it comes to the same place, as a rule
                    break
                rest.append(task)
            count += len(rest)
            yield from reversed(rest)
        if count != running:
            yield self.complain("the group at %s" % hex(int(group)), "of its %d tasks %d were found" % (running, count))

    def run_of_links(self, group, head, onward, back):
        last, link = head, int(pointer_to("eddy_list", head)[onward])
        while link != head:
            try:
                if int(fetch(pointer_to("eddy_list", link))[back]) != last:
                    raise gdb.MemoryError("its neighbours in the list do not know it")
                task = fetch(gdb.Value(link - self.link_offset).cast(self.task_type.pointer()))
                if int(task["group"]) != int(group):
                    raise gdb.MemoryError("it is of another group")
            except gdb.error as error:
                yield self.complain("the task whose link is at %s" % hex(link), error)
                return
            if link in self.tasks or len(self.tasks) >= TASKS_MAX:
                yield self.complain("the task at %s" % hex(int(task.address)), "it was met before, or is one too many")
                return
            self.tasks.add(link)
            yield task
            last, link = link, int(task["link"][onward])

    def chain(self, task, member, onward, what):
        """What hangs on a pointer of the task: its frames, or its blocks, innermost first."""
        pointer = task[member]
        seen = set()
        try:
            while int(pointer) != 0:
                if int(pointer) in seen or len(seen) == CHAIN_MAX:
                    yield self.complain("%s at %s" % (what, hex(int(pointer))), "there is no end of them")
                    return
                seen.add(int(pointer))
                value = fetch(pointer)
                yield value
                pointer = value[onward]
        except gdb.error as error:
            yield self.complain("%s at %s" % (what, hex(int(pointer))), error)

    def blocks(self, task):
        return self.chain(task, "block", "outer", "the block")

    def frames(self, task):
        for frame in self.chain(task, "leaf", "caller", "the frame"):
            if not isinstance(frame, str) and int(frame["task"]) != int(task.address):
                yield self.complain("the frame at %s" % hex(int(frame.address)), "it says that it is of another task")
                return
            yield frame

    # ---- Words

    def name(self, task):
        try:
            if int(task["more"]) != 0 and task["more"].dereference().type.fields():
                name = text_at(task["more"]["name"].address)
                if name != "":
                    return name
            root = (task.address + 1).cast(gdb.lookup_type("struct eddy_frame").pointer())
            return text_at(fetch(fetch(root)["site"])["function"])
        except (gdb.error, TypeError) as error:
            return self.complain("its name", error)

    def state(self, task, stamp):
        waiter = task["waiter"]
        state = int(waiter["state"])
        words = ""
        if state in (PARKED, RETRY):
            try:
                words = ", waits for: " + text_at(fetch(waiter["kind"])["name"])
            except gdb.error as error:
                words = ", waits for: " + self.complain("its kind", error)
            age = (stamp - int(task["parked"])) % (1 << 32)
            words += " since %.1f s" % (age * 1048576e-9 if age < (1 << 31) - 1 else 0)
        elif state == READY:
            words = ", ready"
        elif state != IDLE:
            words = ", " + self.complain("its waiter", "it is in state %d" % state)
        elif is_running(task):
            words = ", running"
        return words + (", cancelled" if int(task["cancelled"]) != 0 else "")

    def place(self, frame):
        try:
            site = fetch(frame["site"])
            return "%s at %s:%d: %s" % (
                text_at(site["function"]), text_at(site["file"]), int(site["line"]), text_at(site["text"]))
        except gdb.error as error:
            return self.complain("the place of the frame at %s" % hex(int(frame.address)), error)

    def ending(self):
        if self.complaints > 0:
            print("?? this is not all: %d times memory could not be read, or makes no sense" % self.complaints)


def is_running(task):
    try:
        return int(task["waiter"]["scheduler"]["running"]) == int(task.address)
    except gdb.error:
        return False


# ---- The fields of a frame --------------------------------------------------------------


def struct_of(frame):
    """The user's struct of a frame: it shares its name with the coroutine."""
    name = "struct " + text_at(fetch(frame["site"])["function"])
    block = gdb.block_for_pc(int(frame["body"]))  # two files may have a coroutine of the same name
    struct = gdb.lookup_type(name, block) if block is not None else gdb.lookup_type(name)
    if struct.sizeof != int(frame["size"]):
        raise gdb.MemoryError("the frame has %d bytes, %s has %d" % (int(frame["size"]), name, struct.sizeof))
    return struct


def print_fields(value, indent):
    for field in value.type.fields():
        if field.name == "eddyi_frame":
            continue
        member = value[field]
        if not field.name:
            print_fields(member, indent)  # an unnamed union's
            continue
        kind = field.type.strip_typedefs()
        own = kind.code == gdb.TYPE_CODE_STRUCT and (kind.tag or "").startswith("eddy")
        try:
            text = member.format_string(max_depth=1) if own else member.format_string()
        except gdb.error as error:
            text = "?? %s" % error
        print("%s%s = %s" % (indent, field.name, text))


def print_frame_fields(reader, frame, indent):
    try:
        struct = struct_of(frame)
        print_fields(frame.address.cast(struct.pointer()).dereference(), indent)
    except gdb.error as error:
        print(indent + reader.complain("its fields", error))


# ---- Commands ---------------------------------------------------------------------------


def scheduler_at(loop):
    return fetch(pointer_to("eddy_scheduler", loop))


class Tasks(gdb.Command):
    """Print the tree of tasks of a loop, and what each waits for, as eddy_dump() does.
Usage: eddy-tasks [LOOP]
LOOP is an expression, as &loop; without it, it is the selected thread's loop."""

    def __init__(self):
        super().__init__("eddy-tasks", gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        scheduler = scheduler_at(int(gdb.parse_and_eval(argument)) if argument else find_loop())
        reader = Reader()
        stamp = int(scheduler["stamp"])
        count = 0
        for depth, task in reader.tree(scheduler):
            indent = "  " * depth
            if isinstance(task, str):
                print(indent + task)
                continue
            count += 1
            print("%stask %s%s" % (indent, reader.name(task), reader.state(task, stamp)))
            for frame in reader.frames(task):
                print("%s  %s" % (indent, frame if isinstance(frame, str) else reader.place(frame)))
        print("%d tasks; %d waits that the kernel can end, %d others, %d deadlines" % (
            count, scheduler["external"], scheduler["internal"], scheduler["timers"]["armed"]))
        reader.ending()


class Backtrace(gdb.Command):
    """Print the await chain of a task, from where it waits outward; without TASK, of all tasks of this thread's loop.
Usage: eddy-bt [TASK | LOOP] [full]
TASK is a task's name, or an expression: a task, `me`, a coroutine's frame, or an address. With LOOP, such as &loop, the
chains are those of its tasks. With "full" the fields of each frame are printed."""

    def __init__(self):
        super().__init__("eddy-bt", gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = argument.split()
        full = words[-1:] == ["full"]
        which = " ".join(words[:-1] if full else words)
        reader = Reader()
        for task in self.tasks(reader, which):
            if isinstance(task, str):
                print(task)
            else:
                self.print_task(reader, task, full)
        reader.ending()

    def tasks(self, reader, which):
        if which == "":
            return self.of_loop(reader, find_loop())
        why = "it is no pointer"
        try:
            value = gdb.parse_and_eval(which)
            if tag_of(value) in ("eddy_loop", "eddy_scheduler"):
                return self.of_loop(reader, int(value))
            if tag_of(value) is not None or which.startswith("0x"):
                return [fetch(task_by(value))]
        except gdb.error as error:
            why = error
        tasks = [task for task in self.of_loop(reader, find_loop()) if not isinstance(task, str)]
        tasks = [task for task in tasks if reader.name(task) == which]
        if not tasks:
            raise gdb.GdbError("There is no task of that name, and as an expression: %s" % why)
        return tasks

    def of_loop(self, reader, loop):
        return (task for _, task in reader.tree(scheduler_at(loop)))

    def print_task(self, reader, task, full):
        try:
            stamp = int(task["waiter"]["scheduler"]["stamp"])
            print("task %s (%s)%s" % (reader.name(task), hex(int(task.address)), reader.state(task, stamp)))
        except gdb.error as error:
            print(reader.complain("the task at %s" % hex(int(task.address)), error))
        for number, frame in enumerate(reader.frames(task)):
            print("  #%d %s" % (number, frame if isinstance(frame, str) else reader.place(frame)))
            if full and not isinstance(frame, str):
                print_frame_fields(reader, frame, "        ")


def task_by(value):
    """The task that a user means."""
    tag = tag_of(value)
    if tag == "eddy_frame":
        return value["task"]
    if tag is not None and any(f.name == "eddyi_frame" for f in value.type.strip_typedefs().target().fields()):
        return value["eddyi_frame"]["task"]
    return pointer_to("eddy_task", int(value))  # `me`, its waiter, is where it begins


# ---- eddy-next --------------------------------------------------------------------------


class Return(gdb.Breakpoint):
    """The function of `frame` returns. (A gdb.FinishBreakpoint misses returns to what was inlined.)"""

    def __init__(self, frame):
        super().__init__("*%#x" % frame.older().pc(), internal=True, temporary=True)
        self.thread = gdb.selected_thread().global_num
        self.silent = True
        self.stack = self.stack_pointer(frame)
        self.hit = False

    def stack_pointer(self, frame):
        return int(frame.read_register("sp").cast(gdb.lookup_type("unsigned long")))

    def stop(self):
        self.hit = self.hit or self.stack_pointer(gdb.newest_frame()) > self.stack
        return self.hit

    def away(self):
        if self.is_valid() and not self.hit:
            self.delete()


def frame_where(test):
    frame = gdb.newest_frame()
    for _ in range(CHAIN_MAX):
        if frame is None or (frame.type() == gdb.NORMAL_FRAME and test(frame)):
            break
        frame = frame.older()
    return frame


def frame_of_turn():
    """Of the function that runs a task. It may have handed over to its second half."""
    return frame_where(lambda frame: frame.name() in ("eddyi_task_run", "go_on"))


def frame_of_body(address):
    def is_it(frame):
        return frame.function() is not None and int(frame.function().value().address) == address

    return frame_where(is_it)


def running_task(scheduler):
    running = scheduler["running"]
    task = fetch(running.cast(gdb.lookup_type("struct eddy_task").pointer())) if int(running) != 0 else None
    wake = int(gdb.parse_and_eval("eddyi_task_run").address)
    if task is None or frame_of_turn() is None or int(task["waiter"]["wake"]) != wake:
        raise gdb.GdbError("No coroutine is running.")
    return task


class Next(gdb.Command):
    """As next; but where the running coroutine waits, or calls another, continue until it goes on itself, and at its
end, until its caller does. One that is cancelled while it waits does not go on: then the program continues until
something else stops it. Nor is there a stop at the beginning of an EDDY_FINALLY.
Usage: eddy-next"""

    def __init__(self):
        super().__init__("eddy-next", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        self.loop = find_loop()
        self.task = int(running_task(scheduler_at(self.loop)).address)
        frame = pointer_to("eddy_frame", int(task_at(self.task)["leaf"]))
        entry = int(fetch(frame)["body"])
        body = frame_of_body(entry)
        if body is not None:
            left = Return(body)
            output, stepped = self.run("next")
            if stepped and not left.hit and frame_of_body(entry) is None:
                output, _ = self.run("continue")  # it ended with a call that took its place on the stack
            left.away()
            if gdb.selected_thread() is None or not (left.hit or self.is_away(frame)):
                print(output, end="")
                return
        if self.is_away(frame):
            self.run_to(frame)
            return
        end = Return(frame_of_turn())  # it begins in this turn, or has ended
        self.run_to(frame, fetch(frame)["caller"])
        end.away()
        if end.hit:
            self.go_on_from_outside(frame)

    def run(self, command):
        """Its output, and whether the program stopped for no other reason than that it was stepped."""
        stops = []
        gdb.events.stop.connect(stops.append)
        try:
            output = gdb.execute(command, False, True)
        finally:
            gdb.events.stop.disconnect(stops.append)
        return output, stops != [] and not isinstance(stops[-1], (gdb.BreakpointEvent, gdb.SignalEvent))

    def go_on_from_outside(self, frame):
        """After the task's turn."""
        for _, task in Reader().tree(scheduler_at(self.loop)):
            if not isinstance(task, str) and int(task.address) == self.task:
                self.run_to(frame if self.has(task, frame) else task["leaf"])
                return
        print("The task is over.")

    def has(self, task, frame):
        return any(not isinstance(f, str) and int(f.address) == int(frame) for f in Reader().frames(task))

    def is_away(self, frame):
        """The task waits, or has called another coroutine: the body at work, if one is, is about to return."""
        task = task_at(self.task)
        return int(task["leaf"]) != int(frame) or int(task["waiter"]["state"]) != IDLE

    def run_to(self, *frames):
        """Continue until one of the frames is its task's innermost, and goes on."""
        task = task_at(self.task)
        running = int(scheduler_at(self.loop)["running"].address)
        points = []
        for frame in frames:
            if int(frame) == 0:
                continue
            header = fetch(frame)
            begins = int(header["step"]) == START
            place = int(header["body"]) if begins else int(fetch(header["site"])["label"])
            point = gdb.Breakpoint("*%#x" % place, temporary=True)
            point.condition = "*(unsigned long *)%#x == %#x && *(unsigned long *)%#x == %#x" % (
                running, self.task, int(task["leaf"].address), int(frame))
            points.append(point)
        gdb.execute("continue")
        for point in points:
            if point.is_valid() and point.hit_count == 0:
                point.delete()


def task_at(address):
    return fetch(pointer_to("eddy_task", address))


Tasks()
Backtrace()
Next()
