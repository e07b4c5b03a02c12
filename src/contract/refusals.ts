/** The catalogue of refusals: every code the outside can meet, its HTTP status and its sentence in both languages. */
import { filingRefusals } from './refusals-filing.ts';
import type { Said } from './said.ts';

export interface RefusalText extends Said {
  readonly status: number;
}

export const refusals = {
  ...filingRefusals,
  'request.malformed': {
    status: 400,
    en: 'The request is not in the form that was agreed: {what}.',
    zh: '请求格式不正确：{what}。',
  },
  'request.too-large': { status: 413, en: 'The request is larger than allowed.', zh: '请求内容过大。' },
  'request.unknown': { status: 404, en: 'There is nothing at this address.', zh: '该地址不存在。' },
  'request.csrf': {
    status: 403,
    en: 'The request did not come from this console. Reload the page and try again.',
    zh: '请求不是来自本控制台，请刷新页面后重试。',
  },
  'request.origin': { status: 403, en: 'The request came from another site.', zh: '请求来自其他网站。' },
  'request.too-many': {
    status: 429,
    en: 'Too many requests. Try again in {seconds} s.',
    zh: '请求过于频繁，请 {seconds} 秒后再试。',
  },
  'setup.done': { status: 409, en: 'Custos is set up already. Sign in.', zh: '系统已完成初始设置，请登录。' },
  'setup.needed': { status: 409, en: 'Custos is not set up yet.', zh: '系统尚未完成初始设置。' },
  'setup.code': {
    status: 403,
    en: 'The set-up code is wrong. It stands in the terminal where Custos was started.',
    zh: '设置码不正确。设置码显示在启动 Custos 的终端中。',
  },
  'session.needed': { status: 401, en: 'Sign in first.', zh: '请先登录。' },
  'session.wrong': { status: 401, en: 'Name or password is wrong.', zh: '用户名或密码错误。' },
  'session.throttled': {
    status: 429,
    en: 'Too many wrong tries. Try again in {seconds} s.',
    zh: '错误次数过多，请 {seconds} 秒后再试。',
  },
  'person.inert': {
    status: 403,
    en: 'Your account is inert: vetting, confidentiality training or training for the post is not on record, or has run out. “My account” says what is missing.',
    zh: '您的账号未生效：入职审查、保密教育或岗位培训未登记或已过期。缺少的事项见“我的账号”。',
  },
  'second.needed': {
    status: 401,
    en: 'The second factor is missing: the code of your app, or your passkey.',
    zh: '还需第二重验证：验证器应用中的验证码，或通行密钥。',
  },
  'second.wrong': {
    status: 401,
    en: 'The second factor is wrong, or this code was used already. If it should be right, check the clock of the phone.',
    zh: '第二重验证不正确，或验证码已使用过。如确认无误，请检查手机时间。',
  },
  'second.off-site': {
    status: 403,
    en: 'From outside of the unit a second factor is needed, and your account has none. Set one up inside of the unit.',
    zh: '从单位外部登录须有第二重验证，您的账号尚未设置，请先在单位内部设置。',
  },
  'second.owed': {
    status: 403,
    en: 'Your unit demands a second factor. Set one up under “My account”, then sign in with it.',
    zh: '本单位要求第二重验证，请先在“我的账号”中设置。',
  },
  'second.begin': {
    status: 409,
    en: 'This took too long, or was used already. Begin again.',
    zh: '操作超时或已使用过，请重新开始。',
  },
  'second.known': { status: 409, en: 'This passkey is known already.', zh: '该通行密钥已登记。' },
  'second.unknown': { status: 404, en: 'There is no such second factor.', zh: '没有该第二重验证方式。' },
  'second.too-many': {
    status: 409,
    en: 'There are {limit} second factors, which is the most. Take one away first.',
    zh: '已有 {limit} 个第二重验证方式，达到上限，请先移除一个。',
  },
  'second.demanded': {
    status: 409,
    en: 'Your unit demands a second factor, and this is the last one. Set another one up first.',
    zh: '本单位要求第二重验证，且这是最后一个，请先设置另一个。',
  },
  'second.host': {
    status: 422,
    en: 'Passkeys need a host name: open the console by its name, not by an address of numbers.',
    zh: '通行密钥需要主机名：请用域名而不是数字地址打开控制台。',
  },
  'second.network': {
    status: 422,
    en: '{network} is not a network, e.g. 10.1.0.0/16.',
    zh: '{network} 不是有效的网段，例如 10.1.0.0/16。',
  },
  'token.narrow': {
    status: 403,
    en: 'This token was not made for that.',
    zh: '该令牌的用途不包括此操作。',
  },
  'token.scope': {
    status: 422,
    en: 'A token is for some of what you may do yourself, and never for your account.',
    zh: '令牌只能用于您本人有权进行的部分操作，且不能用于管理账号。',
  },
  'token.end': {
    status: 422,
    en: 'A token ends in the future, in at most {days} days.',
    zh: '令牌须设定将来的截止时间，最长 {days} 天。',
  },
  'token.too-many': {
    status: 409,
    en: 'You have {limit} tokens, which is the most. End one first.',
    zh: '您已有 {limit} 个令牌，达到上限，请先终止一个。',
  },
  'session.unknown': { status: 404, en: 'This session has ended already.', zh: '该会话已结束。' },
  'recovery.own': {
    status: 403,
    en: 'Nobody asks for this for himself: ask another administrator.',
    zh: '不得为本人申请，请由其他管理员办理。',
  },
  'recovery.same': {
    status: 403,
    en: 'Another administrator approves: neither who asked nor the person concerned.',
    zh: '须由另一名管理员批准，申请人和当事人均不得批准。',
  },
  'recovery.unknown': {
    status: 404,
    en: 'This was approved, used or has run out already.',
    zh: '该申请已批准、已使用或已过期。',
  },
  'recovery.wrong': {
    status: 401,
    en: 'Name or code is wrong, or the code has run out.',
    zh: '用户名或恢复码错误，或恢复码已过期。',
  },
  'person.left': { status: 409, en: 'This person has left already.', zh: '该人员已离职。' },
  'password.weak': {
    status: 422,
    en: 'The password needs at least {length} characters and must not be the name or a common one.',
    zh: '密码至少 {length} 个字符，且不能与用户名相同或为常见密码。',
  },
  'password.wrong': { status: 403, en: 'The present password is wrong.', zh: '当前密码不正确。' },
  'gate.denied': {
    status: 403,
    en: 'You are not allowed to do this ({action}).',
    zh: '您没有执行此操作的权限（{action}）。',
  },
  'permission.none': {
    status: 403,
    en: 'You hold no permission for this ({action}). Ask for one under Permissions.',
    zh: '您没有此项操作的权限（{action}），请在“权限”页面申请。',
  },
  'permission.hours': {
    status: 403,
    en: 'Your permission for this ({action}) does not hold at this hour.',
    zh: '您的权限在当前时段不可用（{action}）。',
  },
  'permission.look-back': {
    status: 403,
    en: 'This footage is older than your permission reaches ({action}).',
    zh: '该录像早于您的权限可回看的范围（{action}）。',
  },
  'permission.over': {
    status: 403,
    en: 'Your permission for this ({action}) is over. Ask for a new one under Permissions.',
    zh: '您的此项权限已到期（{action}），请在“权限”页面重新申请。',
  },
  'permission.early': {
    status: 403,
    en: 'Your permission for this ({action}) has not begun yet.',
    zh: '您的此项权限尚未生效（{action}）。',
  },
  'permission.operating': {
    status: 403,
    en: 'The founding permission holds for cameras in trial run only, and this one operates ({action}). Ask for a permission.',
    zh: '试运行权限仅适用于试运行中的摄像机，该摄像机已正式运行（{action}），请申请权限。',
  },
  'permission.unknown': { status: 404, en: 'This permission does not exist.', zh: '该权限不存在。' },
  'permission.own': {
    status: 403,
    en: 'Who asked for a permission, or whose it is, does not decide on it; another approver must.',
    zh: '权限的申请人和使用人不得自行审批，须由其他审批人审批。',
  },
  'permission.own-delegate': {
    status: 403,
    en: 'You stand in for {name}, who asked for this permission or whose it is. Another approver must decide.',
    zh: '您受 {name} 委托，而该权限由其申请或供其使用，须由其他审批人审批。',
  },
  'permission.circle': {
    status: 403,
    en: 'A circle: {names}. Who approves must not look by a permission that goes back to the person asking. Another approver must decide.',
    zh: '审批形成循环：{names}。审批人不得使用源自申请人批准的权限，须由其他审批人审批。',
  },
  'permission.state': {
    status: 409,
    en: 'Someone was faster: this permission is {state} since {at}, by {by}. Nothing was changed.',
    zh: '已被他人处理：该权限自 {at} 起为“{state}”（{by}），本次操作未生效。',
  },
  'permission.reason': {
    status: 422,
    en: 'Say why. A blank is no reason.',
    zh: '请填写理由，空白不能作为理由。',
  },
  'permission.necessity': {
    status: 422,
    en: 'Say why it cannot be done with less.',
    zh: '请说明必要性（为何不能缩小范围）。',
  },
  'permission.no-end': {
    status: 422,
    en: 'A permission needs an end, {days} days away at most.',
    zh: '权限必须有截止时间，最长 {days} 天。',
  },
  'permission.span': {
    status: 422,
    en: 'It must end in the future, after it begins, and be {days} days long at most.',
    zh: '截止时间须晚于当前和开始时间，且最长 {days} 天。',
  },
  'permission.scope': {
    status: 422,
    en: 'Name the cameras or sites, all of them known here.',
    zh: '请指定本单位已有的摄像机或场所。',
  },
  'permission.needs-look-back': {
    status: 422,
    en: 'Say how far back recordings may be looked at, in hours.',
    zh: '请填写可回看的时长（小时）。',
  },
  'permission.holder': {
    status: 422,
    en: '{name} cannot hold a permission to look: only active watchers and approvers can, and auditors never.',
    zh: '{name} 不能持有查看权限：仅限在岗的值机员和审批人，审计员不得持有。',
  },
  'permission.founding': {
    status: 409,
    en: 'A founding permission is for a unit where nobody else could approve one, and no camera operates yet. Here {why}.',
    zh: '试运行权限仅适用于没有其他审批人、且无摄像机正式运行的单位。当前：{why}。',
  },
  'permission.review-owed': {
    status: 409,
    en: 'The review of your last emergency access ({event}) is still owed. Until it is written, no other is opened.',
    zh: '您上次应急调用（{event}）的复盘尚未完成，完成前不能再次开启。',
  },
  'permission.no-review': {
    status: 409,
    en: 'There is no review to write: only an emergency access that is over owes one, once.',
    zh: '无需复盘：仅已结束的应急调用须复盘一次。',
  },
  'delegation.unknown': { status: 404, en: 'This delegation does not exist.', zh: '该委托不存在。' },
  'delegation.to': {
    status: 422,
    en: 'Choose another active person, who is no auditor and is not away on a delegation too.',
    zh: '请选择另一名在岗人员，且其不是审计员、也未将审批委托给他人。',
  },
  'view.unknown': { status: 404, en: 'This view does not exist or has ended.', zh: '该查看不存在或已结束。' },
  'view.others': { status: 403, en: 'This view belongs to someone else.', zh: '该查看属于其他人员。' },
  'view.expired': {
    status: 410,
    en: 'This view has expired. Open it again.',
    zh: '该查看已过期，请重新打开。',
  },
  'view.purpose': { status: 422, en: 'Say what you look at this footage for.', zh: '请填写查看事由。' },
  'view.for-whom': {
    status: 422,
    en: 'Say for whom you look at this: your own unit, or who asked for it. Only live pictures on a shift need no more.',
    zh: '请填写为谁查看：本单位或提出要求的单位、人员。仅值班期间的实时查看无须填写。',
  },
  'shift.running': { status: 409, en: 'You are on duty already.', zh: '您已在值班。' },
  'shift.none': { status: 409, en: 'You are not on duty.', zh: '您不在值班状态。' },
  'use.too-many': {
    status: 422,
    en: 'There are more than {limit} entries in this time. Choose a shorter one.',
    zh: '该时段登记超过 {limit} 条，请缩短时段。',
  },
  'use.future': { status: 422, en: 'This month has not begun yet.', zh: '该月份尚未开始。' },
  'view.too-many': {
    status: 429,
    en: 'You have {limit} views open, which is the most. Close one first.',
    zh: '您已打开 {limit} 个查看，达到上限，请先关闭一个。',
  },
  'view.range': {
    status: 422,
    en: 'The span must start before it ends and be at most {hours} h long.',
    zh: '起始时间必须早于结束时间，且跨度不超过 {hours} 小时。',
  },
  'view.nothing': { status: 404, en: 'Nothing is recorded in this span.', zh: '该时段没有录像。' },
  'view.cannot-play': {
    status: 415,
    en: 'This browser cannot play {codec}, the camera has no H.264 sub-stream, and no conversion is possible now ({reason}).',
    zh: '浏览器无法播放 {codec}，摄像机没有 H.264 子码流，且当前无法转码（{reason}）。',
  },
  'view.recorded-only': {
    status: 409,
    en: 'A live view has no file: open a view of recorded footage for this.',
    zh: '实时查看没有文件，请打开录像回放后再操作。',
  },
  'view.bytes': {
    status: 416,
    en: 'This file has no such bytes; it has {bytes}.',
    zh: '请求的字节范围超出文件大小（{bytes} 字节）。',
  },
  'view.damaged': {
    status: 500,
    en: 'A stored file of this span is damaged ({why}); what can be played is played.',
    zh: '该时段有录像文件损坏（{why}），可播放的部分照常播放。',
  },
  'view.key-destroyed': {
    status: 410,
    en: 'The key of this day was destroyed: its recordings cannot be read any more, by anyone.',
    zh: '当日密钥已销毁，录像任何人均不可再读取。',
  },
  'view.key-missing': {
    status: 500,
    en: 'The key of this day is not in the key ring: its recordings cannot be read.',
    zh: '密钥库中没有当日密钥，录像无法读取。',
  },
  'view.missing': {
    status: 500,
    en: 'A stored file of this span is missing.',
    zh: '该时段有录像文件丢失。',
  },
  'view.mixed-codecs': {
    status: 422,
    en: 'In this span the camera changed from {from} to {to}; players cannot show that as one file. Choose a span on one side of the change.',
    zh: '该时段内摄像机编码由 {from} 变为 {to}，无法合成一个文件，请选择变化前或变化后的时段。',
  },
  'still.no-ffmpeg': {
    status: 503,
    en: 'Pictures need FFmpeg on the server: apt install ffmpeg.',
    zh: '生成图片需要在服务器上安装 FFmpeg：apt install ffmpeg。',
  },
  'camera.unknown': { status: 404, en: 'This camera does not exist.', zh: '该摄像机不存在。' },
  'camera.name-taken': {
    status: 409,
    en: 'A camera named {name} exists at this site already.',
    zh: '该场所已有名为 {name} 的摄像机。',
  },
  'camera.number-taken': {
    status: 409,
    en: 'A camera with the number {number} exists at this site already.',
    zh: '该场所已有编号为 {number} 的摄像机。',
  },
  'camera.misplaced': {
    status: 422,
    en: 'The position cannot be right: it lies outside of {region}, or far from the area of the site.',
    zh: '位置有误：不在{region}范围内，或距场所范围过远。',
  },
  'import.too-large': {
    status: 413,
    en: 'The file is too large: at most {limit}.',
    zh: '文件过大，上限为 {limit}。',
  },
  'import.too-many': {
    status: 422,
    en: 'The file has more than {limit} rows. Divide it.',
    zh: '文件超过 {limit} 行，请拆分后导入。',
  },
  'import.not-a-table': {
    status: 422,
    en: 'This is no table that can be read: give a CSV or an XLSX file.',
    zh: '无法读取该文件，请提供 CSV 或 XLSX 表格。',
  },
  'import.damaged': {
    status: 422,
    en: 'The spreadsheet is damaged or was made to deceive: {what}.',
    zh: '表格已损坏或结构异常：{what}。',
  },
  'import.no-head': {
    status: 422,
    en: 'No row with the names of the columns was found among the first ten. Use the template.',
    zh: '前十行中未找到列名行，请使用模板。',
  },
  'import.column-twice': {
    status: 422,
    en: 'The column {column} stands there twice.',
    zh: '列“{column}”重复。',
  },
  'import.no-column': {
    status: 422,
    en: 'The column {column} is missing.',
    zh: '缺少列“{column}”。',
  },
  'import.empty': { status: 422, en: 'The table has no rows.', zh: '表格中没有数据行。' },
  'import.unknown': {
    status: 404,
    en: 'This import is not there any more. Choose the file again.',
    zh: '该导入已失效，请重新选择文件。',
  },
  'import.busy': {
    status: 429,
    en: 'Other imports are under way. Try again in a minute.',
    zh: '正在处理其他导入，请稍后再试。',
  },
  'import.wrong': {
    status: 409,
    en: '{count} rows cannot be taken as they are. Nothing was imported.',
    zh: '有 {count} 行不能导入，未导入任何内容。',
  },
  'import.not-ready': {
    status: 409,
    en: 'This import is still being read, or was done already.',
    zh: '该导入仍在读取或已经完成。',
  },
  'camera.url': {
    status: 422,
    en: 'The address must begin with rtsp:// or rtsps:// and name a host.',
    zh: '地址必须以 rtsp:// 或 rtsps:// 开头并包含主机。',
  },
  'camera.password-again': {
    status: 422,
    en: 'The address is now at another host ({host}). Type the password again: a stored one is never sent to another machine.',
    zh: '地址已改为另一主机（{host}），请重新输入密码：已保存的密码不会发送给其他设备。',
  },
  'camera.changed': {
    status: 412,
    en: 'Someone else changed this in the meantime. Reload and try again.',
    zh: '其他人已修改此内容，请刷新后重试。',
  },
  'camera.sound-basis': {
    status: 422,
    en: 'Sound may be recorded only with a recorded basis.',
    zh: '没有登记依据不得录音。',
  },
  'camera.room': { status: 422, en: 'This kind of room is not known.', zh: '无法识别该区域类型。' },
  'camera.prohibited': {
    status: 422,
    en: 'No camera may be inside of this kind of room: {room} ({instrument}, {article}). Consent does not change that.',
    zh: '{room}内部禁止安装图像采集设备（{instrument} {article}），任何人同意均不例外。',
  },
  'camera.prohibited-here': {
    status: 422,
    en: 'No camera may be inside of this kind of room at this site. Consent does not change that.',
    zh: '该场所此类区域内部禁止安装图像采集设备，任何人同意均不例外。',
  },
  'camera.lacks': {
    status: 422,
    en: 'The camera cannot be “{step}” yet. What is missing: {needs}.',
    zh: '摄像机尚不能进入“{step}”。缺少：{needs}。',
  },
  'camera.may-not-operate': {
    status: 422,
    en: 'A camera would operate without what the law asks for.',
    zh: '将有摄像机在不具备法定条件的情况下运行。',
  },
  'camera.step': {
    status: 409,
    en: 'A camera that is “{from}” cannot become “{to}”.',
    zh: '“{from}”的摄像机不能变为“{to}”。',
  },
  'camera.no-ruling': {
    status: 422,
    en: 'The rules of site {site} could not be read. Without an answer of the law there is no camera.',
    zh: '无法得出场所 {site} 的适用规则。没有明确结论时不得设置摄像机。',
  },
  'camera.not-in-use': {
    status: 409,
    en: 'This camera is not in use: it is “{step}” and gives no live picture.',
    zh: '该摄像机未在使用（{step}），没有实时画面。',
  },
  'site.prohibits': {
    status: 409,
    en: 'Camera {camera} stands in a place that this would forbid: {room} ({instrument}, {article}). Retire it first.',
    zh: '摄像机 {camera} 所在的{room}将属于禁止安装的区域（{instrument} {article}），请先停用该摄像机。',
  },
  'site.outline': {
    status: 422,
    en: 'The drawing has a point that lies nowhere, or the same name twice.',
    zh: '图形中有无效坐标或重复的编号。',
  },
  'site.outline-crosses': {
    status: 422,
    en: 'The outline crosses itself: {name}. Give its points in order around it.',
    zh: '图形边线相交：{name}。请按顺序给出各顶点。',
  },
  'site.misplaced': {
    status: 422,
    en: 'A drawn point lies outside of {region}: {lat}, {lon}. Latitude comes first.',
    zh: '标绘的点不在{region}范围内：{lat}, {lon}。请先填纬度。',
  },
  'place.unknown': {
    status: 404,
    en: 'This place does not exist, or has ended.',
    zh: '该场所不存在或已移出名录。',
  },
  'place.name-taken': {
    status: 409,
    en: 'A place named {name} is in the list already.',
    zh: '名录中已有名为 {name} 的场所。',
  },
  'place.kind': {
    status: 422,
    en: 'This kind of place or these rules are not known.',
    zh: '无法识别该场所种类或适用规则。',
  },
  'record.kind': {
    status: 422,
    en: 'This cannot stand on record here.',
    zh: '此处不能登记该类记录。',
  },
  'record.day': {
    status: 422,
    en: '{day} is not a day that can be recorded: it must exist, not lie in the future, and not end before it begins.',
    zh: '{day} 不是有效日期：必须真实存在，不得晚于今天，结束不得早于开始。',
  },
  'document.kind': {
    status: 422,
    en: 'This is no whole PDF, JPEG or PNG, whatever its name says.',
    zh: '该文件不是完整的 PDF、JPEG 或 PNG（与文件名无关）。',
  },
  'document.there': {
    status: 409,
    en: 'This record has its document, and that stays. Put another record there.',
    zh: '该记录已有文件且不可更换，请另行登记。',
  },
  'document.unknown': {
    status: 404,
    en: 'This record has no document.',
    zh: '该记录没有附件。',
  },
  'record.unknown': {
    status: 404,
    en: 'This record does not exist, or has ended.',
    zh: '该记录不存在或已终止。',
  },
  'record.score': {
    status: 422,
    en: 'An examination has a score of 0 to 100, and nothing else has one.',
    zh: '考核须填写 0 至 100 的成绩，其他记录不填成绩。',
  },
  'record.own': {
    status: 403,
    en: 'Nobody writes this down for himself: ask another administrator.',
    zh: '不得为本人登记，请由其他管理员办理。',
  },
  'record.needed': {
    status: 409,
    en: 'A camera operates that needs this. Put another one on record first, or suspend the camera.',
    zh: '有正在运行的摄像机依赖此记录。请先登记新的记录，或暂停使用该摄像机。',
  },
  'site.time-zone': {
    status: 422,
    en: '{zone} is not a time zone that is known (for example Asia/Shanghai).',
    zh: '无法识别时区 {zone}（例如 Asia/Shanghai）。',
  },
  'site.unknown': { status: 404, en: 'This site does not exist.', zh: '该场所不存在。' },
  'site.name-taken': {
    status: 409,
    en: 'A site named {name} exists already.',
    zh: '已有名为 {name} 的场所。',
  },
  'keeping.below-floor': {
    status: 422,
    en: 'The law asks for at least {period} ({instrument}, {article}). A shorter period cannot be set.',
    zh: '法定最短保存期限为 {period}（{instrument}{article}），不能设置更短的期限。',
  },
  'keeping.above-ceiling': {
    status: 422,
    en: 'At most {period} are allowed ({instrument}, {article}), unless a justification is on record where the rule allows for one.',
    zh: '最长保存期限为 {period}（{instrument}{article}）；规则允许例外的，须先登记理由。',
  },
  'keeping.justification': {
    status: 422,
    en: 'Say why footage is kept longer than the law asks for.',
    zh: '保存期限长于法定要求的，请填写理由。',
  },
  'keeping.profile': {
    status: 422,
    en: 'There is no profile {profile}.',
    zh: '没有名为 {profile} 的适用规则集。',
  },
  'keeping.no-conflict': {
    status: 409,
    en: 'This is not, or not any more, a conflict of this site. Reload the page.',
    zh: '该场所不存在（或已不再存在）此冲突，请刷新页面。',
  },
  'keeping.clock': {
    status: 409,
    en: 'The clock of the server says {server}, which is not what you confirm. Set the clock first.',
    zh: '服务器时钟为 {server}，与您确认的时间不符，请先校准时钟。',
  },
  'keeping.no-doubt': {
    status: 409,
    en: 'The clock is not in doubt: there is nothing to confirm.',
    zh: '系统时钟没有疑问，无需确认。',
  },
  'keeping.span': {
    status: 422,
    en: 'The span must start before it ends, and last {days} days at most.',
    zh: '起始时间必须早于结束时间，且不超过 {days} 天。',
  },
  'hold.unknown': { status: 404, en: 'This hold does not exist.', zh: '该封存不存在。' },
  'hold.over': { status: 409, en: 'This hold is over already.', zh: '该封存已结束。' },
  'hold.until': {
    status: 422,
    en: 'A hold must end in the future, or be open-ended.',
    zh: '封存的截止时间必须晚于现在，或不设截止时间。',
  },
  'mark.unknown': { status: 404, en: 'This mark does not exist.', zh: '该标记不存在。' },
  'mark.over': { status: 409, en: 'This mark was taken away already.', zh: '该标记已被取消。' },
  'mark.period': {
    status: 422,
    en: 'The law here names no period for footage of important value: say how long it is to be kept.',
    zh: '此处适用的法律未规定重要价值视频资料的保存期限，请填写保存多久。',
  },
  'certificate.unknown': { status: 404, en: 'This certificate does not exist.', zh: '该删除证书不存在。' },
  'person.unknown': { status: 404, en: 'This person does not exist.', zh: '该人员不存在。' },
  'person.name-taken': {
    status: 409,
    en: 'A person with the sign-in name {name} exists already.',
    zh: '登录名 {name} 已存在。',
  },
  'person.last-administrator': {
    status: 409,
    en: 'The last administrator cannot be removed.',
    zh: '不能移除最后一名管理员。',
  },
  'completeness.future': {
    status: 422,
    en: 'The month {month} has not begun at this site.',
    zh: '该场所尚未进入 {month} 月。',
  },
  'document.typeset': {
    status: 503,
    en: 'The document cannot be typeset on this machine. Print the page, or take the spreadsheet.',
    zh: '本机无法排版该文件，请直接打印页面或下载电子表格。',
  },
  'completeness.none': {
    status: 404,
    en: 'No report of this month is on record yet: it is put there when the month is over.',
    zh: '该月报告尚未存档，月末结束后自动存档。',
  },
  'bucket.unknown': { status: 404, en: 'This bucket does not exist.', zh: '该存储桶不存在。' },
  'bucket.name-taken': {
    status: 409,
    en: 'A storage named {name} exists already.',
    zh: '已有名为 {name} 的存储。',
  },
  'bucket.twice': {
    status: 409,
    en: 'This bucket with this prefix is in use already.',
    zh: '该存储桶及前缀已在使用。',
  },
  'bucket.too-many': {
    status: 409,
    en: 'There are {limit} buckets, which is the most.',
    zh: '存储桶已达上限（{limit} 个）。',
  },
  'bucket.endpoint': {
    status: 422,
    en: 'The address must be https:// or http:// with a host, and nothing behind it.',
    zh: '地址须为 https:// 或 http:// 加主机，后面不带路径。',
  },
  'bucket.name': {
    status: 422,
    en: '{bucket} is not a name that a bucket can have (small letters, digits, dots and hyphens, 3 to 63).',
    zh: '{bucket} 不是有效的存储桶名称（小写字母、数字、点和连字符，3–63 个字符）。',
  },
  'bucket.prefix': {
    status: 422,
    en: '{prefix} cannot be a prefix (letters, digits and - _ . between slashes, at most 200).',
    zh: '{prefix} 不能作为前缀（字母、数字及 - _ .，以斜杠分隔，最多 200 个字符）。',
  },
  'bucket.ca': {
    status: 422,
    en: 'This is not a certificate in PEM form (-----BEGIN CERTIFICATE-----).',
    zh: '证书格式不正确，应为 PEM（-----BEGIN CERTIFICATE-----）。',
  },
  'bucket.secret-again': {
    status: 422,
    en: 'Type the secret key: a stored one is never sent to another address or with another access key.',
    zh: '请输入密钥：已保存的密钥不会用于其他地址或其他访问密钥。',
  },
  'bucket.lock': {
    status: 422,
    en: 'This bucket has no object lock. It can only be switched on when a bucket is made.',
    zh: '该存储桶未启用对象锁定，只能在创建存储桶时启用。',
  },
  'bucket.moved': {
    status: 409,
    en: 'The bucket holds {segments} segments; its address cannot be changed. Add the other one as a new storage.',
    zh: '该存储桶中有 {segments} 个录像段，不能更改地址，请将另一存储桶作为新存储添加。',
  },
  'bucket.holds': {
    status: 409,
    en: 'The bucket holds {segments} segments; it can be removed once it is empty.',
    zh: '该存储桶中有 {segments} 个录像段，清空后方可移除。',
  },
  'bucket.unusable': {
    status: 422,
    en: 'The bucket cannot be used as it is. Test the connection: it says what is wrong.',
    zh: '存储桶无法使用，请测试连接以查看原因。',
  },
  'ledger.unknown': { status: 404, en: 'The ledger has no such entry.', zh: '存证账本中没有该条目。' },
  'ledger.not-redactable': {
    status: 409,
    en: 'This entry was written by an earlier version, which hashed it whole: nothing can be taken out of it.',
    zh: '该条目由早期版本整体计入存证，无法从中删除内容。',
  },
  'ledger.nothing-to-redact': {
    status: 409,
    en: 'These fields of the entry hold nothing, or are gone already.',
    zh: '该条目的这些字段没有内容，或已删除。',
  },
  'ledger.own-entry': {
    status: 403,
    en: 'Nobody takes anything out of an entry about what they did themselves.',
    zh: '任何人不得删除记录其本人操作的条目内容。',
  },
  'ledger.within-floor': {
    status: 409,
    en: 'The law has this entry kept as it is until {day}; before that only the order of a court or an authority takes anything out of it.',
    zh: '依法该条目须原样保存至 {day}；在此之前，仅可依法院或主管机关的决定删除其中内容。',
  },
  'ledger.no-witness': {
    status: 403,
    en: 'No witness of this ledger signed this, or the ledger never did.',
    zh: '该内容未经本账本的见证方联署，或并非本账本所签。',
  },
  'ledger.not-in-tree': {
    status: 409,
    en: 'This entry is not under a signed checkpoint yet. Try again in {seconds} s.',
    zh: '该条目尚未纳入已签名的检查点，请 {seconds} 秒后再试。',
  },
  'volume.unknown': { status: 404, en: 'This volume does not exist.', zh: '该存储卷不存在。' },
  'volume.no-folder': {
    status: 422,
    en: 'There is no folder {path} on the server. Make it first, and give its whole path.',
    zh: '服务器上没有目录 {path}，请先创建并填写完整路径。',
  },
  'volume.not-writable': {
    status: 422,
    en: 'Nothing can be written to {path} ({code}).',
    zh: '无法写入 {path}（{code}）。',
  },
  'volume.no-answer': {
    status: 422,
    en: '{path} does not answer. Is the disk or the network share well?',
    zh: '{path} 无响应，请检查磁盘或网络共享。',
  },
  'volume.not-empty-folder': {
    status: 422,
    en: 'The folder {path} holds other things. A volume begins empty.',
    zh: '目录 {path} 中已有其他内容，存储卷必须从空目录开始。',
  },
  'volume.foreign': {
    status: 422,
    en: '{path} belongs to another volume or to another installation of Custos.',
    zh: '{path} 属于其他存储卷或其他系统。',
  },
  'volume.nested': {
    status: 422,
    en: '{path} lies inside of {volume}, or the other way round.',
    zh: '{path} 与 {volume} 互相包含。',
  },
  'volume.name-taken': {
    status: 409,
    en: 'A volume named {name} exists already.',
    zh: '已有名为 {name} 的存储卷。',
  },
  'volume.too-many': {
    status: 409,
    en: 'There are {limit} volumes, which is the most.',
    zh: '存储卷已达上限 {limit} 个。',
  },
  'volume.default': {
    status: 409,
    en: 'The first volume lies with the data and stays. It can be made read-only or be drained.',
    zh: '首个存储卷位于数据目录，不能移除，可设为只读或停写。',
  },
  'volume.in-use': {
    status: 409,
    en: '{name} is in use. Drain it first.',
    zh: '{name} 正在使用，请先停写。',
  },
  'volume.holds': {
    status: 409,
    en: '{name} still holds {segments} segments, which must not be lost. It can be removed when their time is over.',
    zh: '{name} 中仍有 {segments} 个录像段，不得丢失，待其到期后方可移除。',
  },
  'volume.is-there': {
    status: 409,
    en: '{name} is there and marked.',
    zh: '{name} 工作正常，无需重新标记。',
  },
  'webhook.unknown': { status: 404, en: 'This address does not exist.', zh: '该通知地址不存在。' },
  'webhook.url': {
    status: 422,
    en: 'The address must begin with https:// (http:// only on this machine) and hold no name or password.',
    zh: '地址必须以 https:// 开头（仅本机可用 http://），且不得包含用户名或密码。',
  },
  'webhook.host': {
    status: 422,
    en: 'The name {host} is not known, or leads where nothing may be sent.',
    zh: '无法解析主机 {host}，或该地址不允许发送。',
  },
  'webhook.too-many': {
    status: 409,
    en: 'There are {limit} addresses, which is the most.',
    zh: '通知地址已达上限 {limit} 个。',
  },
  'engine.down': {
    status: 503,
    en: 'The recording engine is starting again. Try again in a moment.',
    zh: '录像引擎正在重启，请稍后再试。',
  },
  'system.restarting': {
    status: 503,
    en: 'A part of Custos is starting again. Try again in a moment.',
    zh: '系统的一个部件正在重启，请稍后再试。',
  },
  'internal.fault': {
    status: 500,
    en: 'Something broke in Custos. The log has the details under {id}.',
    zh: '系统内部故障，详情见日志编号 {id}。',
  },
} as const satisfies Record<string, RefusalText>;
export type RefusalCode = keyof typeof refusals;
