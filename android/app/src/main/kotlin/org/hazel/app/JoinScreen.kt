package org.hazel.app

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.hazel.bridge.NewDevice
import org.hazel.bridge.Wallet
import org.hazel.bridge.newDevice

/** Makes this phone another device of a wallet that is on another: a request there, its answer back. */
class JoinScreen(hall: Hall) : Screen(hall) {
    private var name = ""
    /** In memory only: an answer to a request that was forgotten is of no use to anybody. */
    private var device: NewDevice? = null

    override fun compose() = Sheet(Text("join"), listOf(
        Note(Text("join_about")),
        Field("name", Text("device_name"), name) { name = it; draw() },
        Button(Text("join_request"), isMain = device == null, isOn = name.isNotBlank(), does = trying(::request)),
        Button(Text("join_answer"), isMain = device != null, isOn = device != null, does = trying(::enrol)),
    ))

    private suspend fun request() {
        val made = newDevice(name.trim())
        if (hall.phone.keep("hazel-device.request", made.request)) device = made else refuse(Text("not_kept"))
    }

    private suspend fun enrol() {
        val secret = device?.secret ?: return
        val answer = hall.phone.pick() ?: return
        hall.enter(withContext(Dispatchers.IO) { Wallet.enrol(hall.file, hall.keys, secret, answer, null) })
    }
}
