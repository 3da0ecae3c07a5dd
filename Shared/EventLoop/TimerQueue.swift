/// Names one scheduled timer; of no use after it fired or was cancelled.
package struct TimerID: Hashable, Sendable {
    let slot: Int32
    let generation: UInt32
}

/// Timers ordered by deadline: a binary heap of slots that know their place, so that cancelling is O(log n).
///
/// Pure: it reads no clock. The owner asks for `nextDeadline` and takes what is due with `popDue(at:)`.
/// Two timers of one deadline come out in the order in which they were added.
struct TimerQueue<Payload> {
    private struct Slot {
        var deadline: MonotonicTime
        var order: UInt64
        var generation: UInt32
        var place: Int32
        var payload: Payload?
    }

    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var heap: [Int32] = []
    private var added: UInt64 = 0

    /// How many timers wait.
    var count: Int { heap.count }

    /// When the earliest timer is due; `nil` without timers.
    var nextDeadline: MonotonicTime? {
        heap.first.map { slots[Int($0)].deadline }
    }

    /// Adds a timer.
    mutating func add(_ payload: Payload, at deadline: MonotonicTime) -> TimerID {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].generation &+= 1
        } else {
            slot = Int32(slots.count)
            slots.append(Slot(deadline: deadline, order: 0, generation: 0, place: -1, payload: nil))
        }
        added &+= 1
        slots[Int(slot)].deadline = deadline
        slots[Int(slot)].order = added
        slots[Int(slot)].payload = payload
        heap.append(slot)
        slots[Int(slot)].place = Int32(heap.count - 1)
        siftUp(heap.count - 1)
        return TimerID(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Takes a waiting timer out and returns its payload; `nil` when it already fired or was cancelled.
    @discardableResult
    mutating func cancel(_ id: TimerID) -> Payload? {
        guard id.slot >= 0, Int(id.slot) < slots.count else { return nil }
        let place = slots[Int(id.slot)].place
        guard slots[Int(id.slot)].generation == id.generation, place >= 0 else { return nil }
        return remove(at: Int(place))
    }

    /// Takes out the earliest timer if it is due at `now`.
    mutating func popDue(at now: MonotonicTime) -> Payload? {
        guard let first = heap.first, slots[Int(first)].deadline <= now else { return nil }
        return remove(at: 0)
    }

    private mutating func remove(at place: Int) -> Payload? {
        let slot = heap[place]
        let last = heap.removeLast()
        if place < heap.count {
            heap[place] = last
            slots[Int(last)].place = Int32(place)
            siftDown(place)
            siftUp(Int(slots[Int(last)].place))
        }
        let payload = slots[Int(slot)].payload
        slots[Int(slot)].payload = nil
        slots[Int(slot)].place = -1
        free.append(slot)
        return payload
    }

    private func isEarlier(_ left: Int32, _ right: Int32) -> Bool {
        let (left, right) = (Int(left), Int(right))
        let (early, late) = (slots[left].deadline, slots[right].deadline)
        return early == late ? slots[left].order < slots[right].order : early < late
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        slots[Int(heap[left])].place = Int32(left)
        slots[Int(heap[right])].place = Int32(right)
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard isEarlier(heap[place], heap[parent]) else { return }
            swap(place, parent)
            place = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            let left = place * 2 + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && isEarlier(heap[right], heap[left]) ? right : left
            guard isEarlier(heap[child], heap[place]) else { return }
            swap(place, child)
            place = child
        }
    }
}
