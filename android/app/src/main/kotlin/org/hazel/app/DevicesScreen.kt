package org.hazel.app

import org.hazel.bridge.Device

/** Both parties' devices on a tally: which may sign, how much by itself; and mine, let in or sent away. */
class DevicesScreen(hall: Hall, private val tally: String?) : Screen(hall) {
    private var devices = emptyList<Device>()
    private var hasRoot = false
    private var allowance = ""
    private var done: Said? = null

    override suspend fun live() = trying {
        val home = hall.wallet.run { home() }
        hasRoot = home.hasRoot
        devices = (tally ?: home.tallies.firstOrNull(::isGoing)?.id)?.let { hall.wallet.run { devices(it) } }.orEmpty()
    }()

    override fun compose() = Sheet(Text("devices"), buildList {
        val (mine, theirs) = devices.partition { it.mine }
        add(Heading(Text("my_devices")))
        for (it in mine) {
            add(Line(Text(if (it.here) "device_here" else "device_no", it.device.toString()), state(it), it.allowance?.let(::amount)))
            // A copy of this phone went on, or another one was restored in its place.
            if (tally != null && it.here && !it.active) add(Button(Text("begin_anew"), does = trying { hall.wallet.run { renew(tally) }; live() }))
            if (it.here || !it.active) continue
            if (tally != null) {
                add(Field("allowance", Text("allowance"), allowance, Kind.AMOUNT) { allowance = it; draw() })
                add(Button(Text("hand_allowance", it.device.toString()), isOn = (typed(allowance) ?: 0) > 0, does = trying { hand(tally, it.device) }))
            }
            add(Button(Text("revoke_device", it.device.toString()), does = trying { revoke(it.device) }))
        }
        if (mine.isEmpty()) add(Note(Text("devices_none")))
        if (theirs.isNotEmpty()) add(Heading(Text("their_devices")))
        theirs.forEach { add(Line(Text("device_no", it.device.toString()), state(it))) }
        done?.let { add(Note(it)) }
        if (hasRoot) {
            add(Note(Text("add_device_about")))
            add(Button(Text("add_device"), isMain = true, does = trying(::add)))
        }
    })

    private fun state(it: Device): Said =
        beside(Text(if (it.active) "device_signs" else "device_revoked"), Text("device_signed", it.signed.toString()))

    private suspend fun hand(tally: String, device: UInt) {
        val units = typed(allowance) ?: return
        hall.wallet.run { handAllowance(tally, device, units) }
        live()
    }

    private suspend fun revoke(device: UInt) {
        val tallies = hall.wallet.run { revokeDevice(device) }
        done = Count("revoked_on", tallies)
        live()
    }

    private suspend fun add() {
        val request = hall.phone.pick() ?: return
        val answer = hall.wallet.run { addDevice(request) }
        done = Text(if (hall.phone.keep("hazel-device.answer", answer)) "device_answered" else "not_kept")
    }
}
